// Owns texts that are fit to be asked about. Must never fail because of what a person typed.

export const TEXT_LIMIT = 4096;
// Bytes that two pieces of a long text share: longer than any phrase on a list.
const OVERLAP = 512;

/** The text up to `limit` bytes of UTF-8, in whole characters. What is not Unicode becomes U+FFFD. */
export function cut(text, limit = TEXT_LIMIT) {
  return slice(bytes(text), 0, limit);
}

/** The text in pieces that can be asked about, each with the end of the one before. */
export function* pieces(text) {
  const whole = bytes(text);
  if (whole.length <= TEXT_LIMIT) {
    yield whole.toString();
    return;
  }
  for (let start = 0; start < whole.length - OVERLAP; start += TEXT_LIMIT - OVERLAP) {
    const begin = boundary(whole, start);
    yield slice(whole, begin, begin + TEXT_LIMIT);
  }
}

/** Well-formed UTF-8: Buffer.from makes U+FFFD of lone surrogates, decoding does so of broken bytes. */
function bytes(text) {
  return Buffer.from(typeof text === "string" ? text : Buffer.from(text).toString());
}

function slice(whole, start, end) {
  return whole.subarray(start, boundary(whole, Math.min(end, whole.length))).toString();
}

/** The nearest place at or before `index` where a character begins. */
function boundary(whole, index) {
  while (index < whole.length && index > 0 && (whole[index] & 0xc0) === 0x80) index -= 1;
  return index;
}
