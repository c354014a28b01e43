import type { Duplex } from "node:stream";

const ERRORS: Readonly<Record<string, readonly [status: string, id: string, message: string]>> = {
  HPE_HEADER_OVERFLOW: [
    "431 Request Header Fields Too Large",
    "request_header_fields_too_large",
    "Headers may have 64 KiB at most.",
  ],
  ERR_HTTP_REQUEST_TIMEOUT: ["408 Request Timeout", "request_timeout", "The request took too long."],
};

/** Answers what is no request, or none yet, and ends its connection. */
export function answerClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  const otherwise = ["400 Bad Request", "bad_request", "This is no HTTP request."] as const;
  const [status, id, message] = ERRORS[error.code ?? ""] ?? otherwise;
  const body = JSON.stringify({ id, message });
  const head = `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}`;
  socket.end(`${head}\r\nConnection: close\r\n\r\n${body}`);
}
