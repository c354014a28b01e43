/** Milliseconds that an answer may take. */
const PATIENCE_MS = 15_000;

/** Where a Gitea or Forgejo is, and as whom it is asked. */
interface GiteaAddress {
  /** Of its pages, e.g. `https://git.example.com`. */
  readonly baseUrl: string;
  readonly token: string;
}

/** What a Gitea did not do: one line. */
export class GiteaError extends Error {
  override readonly name = "GiteaError";
  /** 0: there was no answer, or half of one. */
  readonly status: number;
  /** What it said itself. */
  readonly said: string;
  /** Seconds after which it may be asked again, where it says so. */
  readonly retryAfter: number | undefined;

  constructor(message: string, status = 0, said = message, retryAfter?: number) {
    super(message);
    this.status = status;
    this.said = said;
    this.retryAfter = retryAfter;
  }
}

/**
 * Asks the REST API, which is Gitea's and Forgejo's alike.
 *
 * @param path below `/api/v1/`, e.g. `repos/octo/hello`
 * @param body sent as JSON
 * @throws GiteaError for every answer that is not 2xx, and where there is none
 */
export async function askGitea<T>(
  { baseUrl, token }: GiteaAddress,
  method: string,
  path: string,
  body?: object,
  signal?: AbortSignal,
): Promise<T> {
  const root = baseUrl.replace(/\/+$/, "");
  const url = `${root}/api/v1/${path}`;
  const patience = AbortSignal.timeout(PATIENCE_MS);
  const { response, text } = await fetch(url, {
    method,
    headers: {
      accept: "application/json",
      authorization: `token ${token}`,
      "user-agent": "dynoform",
      ...(body !== undefined && { "content-type": "application/json" }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: signal === undefined ? patience : AbortSignal.any([patience, signal]),
  })
    .then(async (answer) => ({ response: answer, text: await answer.text() }))
    .catch((error: Error & { cause?: { code?: string } }) => {
      const reason =
        error.name === "TimeoutError" ? `no answer in ${PATIENCE_MS / 1000} s` : (error.cause?.code ?? error.message);
      throw new GiteaError(`cannot reach Gitea at ${root} (${reason}): try again when it can be reached`);
    });
  if (!response.ok) {
    const said = messageIn(text);
    const after = Number(response.headers.get("retry-after") ?? Number.NaN);
    throw new GiteaError(
      `${method} ${url}: ${response.status} ${said}`,
      response.status,
      said,
      Number.isFinite(after) ? after : undefined,
    );
  }
  if (text === "") return undefined as T;
  try {
    return JSON.parse(text) as T;
  } catch {
    throw new GiteaError(`Gitea's answer to ${url} breaks off: try again`);
  }
}

/** What is not there is undefined. */
export async function findGitea<T>(at: GiteaAddress, path: string, signal?: AbortSignal): Promise<T | undefined> {
  try {
    return await askGitea<T>(at, "GET", path, undefined, signal);
  } catch (error) {
    if (error instanceof GiteaError && error.status === 404) return undefined;
    throw error;
  }
}

/** Removes what need not be there any more. */
export async function removeGitea(at: GiteaAddress, path: string, signal?: AbortSignal): Promise<void> {
  try {
    await askGitea(at, "DELETE", path, undefined, signal);
  } catch (error) {
    if (!(error instanceof GiteaError && error.status === 404)) throw error;
  }
}

function messageIn(text: string): string {
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    return typeof message === "string" ? (message.split("\n", 1)[0] ?? "") : "";
  } catch {
    return "";
  }
}
