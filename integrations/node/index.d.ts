import type { RequestHandler, Request } from "express";

export type Surface = "web" | "image" | "video" | "suggest" | "people" | "proxy" | "dns";

/** Exactly one of `query` and `url`, and what you know of the situation. */
export interface Subject {
  query?: string | Uint8Array;
  url?: string | Uint8Array;
  languages?: string;
  country?: string;
  surface?: Surface;
  attempt?: number;
  bucket?: number;
  mode?: "enforce" | "shadow";
}

/** What is absent is unknown. `hours` are in OpenStreetMap's opening_hours syntax, by the clock of `time_zone`;
 * `passes_on`: what it may tell others. */
export interface Resource {
  id: string;
  name: string;
  languages: string[];
  url?: string;
  phone?: string;
  phone_display?: string;
  hours?: string;
  time_zone?: string;
  free?: boolean;
  anonymous?: boolean;
  passes_on?: string[];
  verified_on?: string;
}

/** `warn` and `block` come with a page, unless `degraded_reason` says that the service gave no answer. */
export interface Answer {
  action: "allow" | "warn" | "block";
  list_version: number;
  degraded: boolean;
  degraded_reason?: string;
  category?: string;
  message?: string;
  variant?: string;
  page?: string;
  /** The language of title and text, a BCP 47 tag. */
  language?: string;
  title?: string;
  text?: string;
  resources: Resource[];
}

/** Times in milliseconds. */
export interface ClientOptions {
  service: string;
  key: string;
  onError?: "open" | "warn" | "closed";
  timeout?: number;
  connections?: number;
  failures?: number;
  pause?: number;
  retries?: number;
  log?: (line: string) => void;
}

export class RedirectClient {
  constructor(options: ClientOptions);
  readonly trouble: string;
  readonly undecided: Record<string, number>;
  check(subject: Subject): Promise<Answer>;
  checkBatch(subjects: Iterable<Subject>, options?: { timeout?: number }): Promise<Answer[]>;
  close(): void;
}

export interface MiddlewareOptions {
  paths: Record<string, Surface>;
  parameters?: string[];
  country?: (request: Request) => string | undefined;
  tell?: boolean;
}

export function redirect(options: MiddlewareOptions & (ClientOptions | { client: RedirectClient })): RequestHandler;
export function cut(text: string | Uint8Array, limit?: number): string;
export function pieces(text: string | Uint8Array): Generator<string>;

declare global {
  namespace Express {
    interface Request {
      redirect?: Answer | null;
    }
  }
}
