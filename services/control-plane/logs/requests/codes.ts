/** What Heroku's router says of a code: `at=… code=… desc="…"`. */
interface Code {
  readonly at: "error" | "warning" | "info";
  readonly desc: string;
  /** Whose end of the connection failed. */
  readonly sock?: "client" | "backend";
  /** What is logged, where nginx' own word is of the answer's beginning. */
  readonly status?: number;
}

export const CODES: Readonly<Record<string, Code>> = {
  H10: { at: "error", desc: "App crashed" },
  H11: { at: "error", desc: "Backlog too deep" },
  H12: { at: "error", desc: "Request timeout" },
  H13: { at: "error", desc: "Connection closed without response" },
  H14: { at: "error", desc: "No web processes running" },
  H15: { at: "error", desc: "Idle connection", status: 503 },
  H16: { at: "error", desc: "Redirect to herokuapp.com" },
  H17: { at: "error", desc: "Poorly formatted HTTP response" },
  H18: { at: "error", desc: "Server Request Interrupted", sock: "backend", status: 503 },
  H19: { at: "error", desc: "Backend connection timeout" },
  H20: { at: "error", desc: "App boot timeout" },
  H21: { at: "error", desc: "Backend connection refused" },
  H22: { at: "error", desc: "Connection limit reached" },
  H23: { at: "error", desc: "Endpoint misconfigured" },
  H24: { at: "error", desc: "Forced close" },
  H25: { at: "error", desc: "HTTP restriction" },
  H26: { at: "error", desc: "Request Error" },
  H27: { at: "warning", desc: "Client Request Interrupted", sock: "client", status: 499 },
  H28: { at: "warning", desc: "Client Connection Idle", status: 499 },
  H31: { at: "error", desc: "Misdirected Request" },
  H32: { at: "error", desc: "TLS Certificate Mismatch" },
  H80: { at: "info", desc: "Maintenance mode" },
  H81: { at: "info", desc: "Blank app" },
  H82: { at: "info", desc: "Free dyno quota exhausted" },
  H83: { at: "info", desc: "Planned Service Degradation" },
  H99: { at: "error", desc: "Platform error" },
};
