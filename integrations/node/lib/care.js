// Owns what a client remembers of how the service does: whether to ask at all, whether to ask once more, what to tell
// the operator. Must never remember or write anything of a question.

const RETRIES_AT_ONCE = 10;

export class Care {
  #inARow = 0;
  #nextLook = 0;
  #budget = RETRIES_AT_ONCE;
  #options;
  trouble = "";
  undecided = {};

  constructor(options) {
    this.#options = options;
  }

  /** Whether to ask now. After some outages in a row nobody waits, but for one question at a time that looks. */
  asks() {
    this.#budget = Math.min(this.#budget + this.#options.retries, RETRIES_AT_ONCE);
    if (this.#inARow < this.#options.failures) return true;
    const now = performance.now();
    if (now < this.#nextLook) return false;
    this.#nextLook = now + this.#options.pause;
    return true;
  }

  /** Whether a question that never arrived may be asked once more. */
  asksAgain() {
    if (this.#budget < 1) return false;
    this.#budget -= 1;
    return true;
  }

  /** The service decided. */
  heard() {
    this.#inARow = 0;
    if (this.trouble) this.#options.log("redirect decides again");
    this.trouble = "";
  }

  /** The service was not asked about so many subjects, which says nothing of how it does: else one long batch could
   * switch it off for everybody. */
  unasked(reason, subjects) {
    this.undecided[reason] = (this.undecided[reason] ?? 0) + subjects;
  }

  /** The service was asked about so many subjects, and decided on none. */
  missed(reason, subjects, refusal = "") {
    this.unasked(reason, subjects);
    const trouble = this.#missed(reason, refusal);
    if (trouble && trouble !== this.trouble) {
      this.#options.log(`redirect does not decide (${trouble}): onError=${this.#options.onError} applies`);
    }
    this.trouble = trouble || this.trouble;
  }

  // A refusal is no outage: a service that says 4xx is there, and if one person's search could make it say so, that
  // person could switch it off for everybody.
  #missed(reason, refusal) {
    if (reason === "refused") {
      this.#inARow = 0;
      return `${reason}: ${refusal}`;
    }
    this.#inARow += 1;
    this.#nextLook = performance.now() + this.#options.pause;
    return this.#inARow >= this.#options.failures ? reason : "";
  }
}
