import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import type { Caller } from "../accounts/caller.ts";
import type { Cookie } from "./cookies.ts";
import type { Html } from "./html.ts";

/** Who a browser's cookie says is there. */
export interface Session {
  readonly caller: Caller;
  /** The cookie's value. */
  readonly cookie: string;
}

/** Knows who is logged in; the accounts keep it. */
export interface Sessions {
  /** @param cookie what {@link SESSION_COOKIE} says @returns undefined: nobody, or not any more */
  find(cookie: string): Promise<Caller | undefined> | Caller | undefined;
}

/** A request of a browser. */
export interface Visit {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** What stands for `:name` in the route's path, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Empty unless it is a form. */
  readonly form: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** Where the browser reaches us, e.g. `http://dashboard.localhost:8080`. */
  readonly origin: string;
  /** The browser's IP address. */
  readonly from: string;
  /** Whether this site is served over HTTPS alone, to whoever comes from anywhere. */
  readonly secure: boolean;
  /** Undefined: nobody is logged in. */
  readonly session: Session | undefined;
  /** What forms of the answer must carry. */
  readonly csrf: string;
}

/** A visit of somebody who is logged in. */
export interface MemberVisit extends Visit {
  readonly session: Session;
}

/** What a page gives back: a whole document, another place to go, or something that writes the answer itself. */
export type Reply =
  | {
      readonly document: Html;
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly cookies?: readonly Cookie[];
    }
  | {
      /** A path of this site, or an URL. */
      readonly redirect: string;
      readonly cookies?: readonly Cookie[];
    }
  | { readonly stream: (response: ServerResponse) => void };

export type Page<V extends Visit = MemberVisit> = (visit: V) => Promise<Reply> | Reply;

/** `[method, path, page]` for those who are logged in; others are asked to log in first. */
export type MemberRoute = readonly [method: "GET" | "POST", path: string, page: Page];

/** `[method, path, page]` for everybody. */
export type PublicRoute = readonly [method: "GET" | "POST", path: string, page: Page<Visit>];
