import { type Call, created, nothing, ok, page, Refusal, type Route, repositoryOf, route } from "../call.ts";
import { type DeployKey, fullName, now, type Repository } from "../state.ts";

/** `deploy-key`. */
function keyShape({ id, key, title, readOnly, createdAt }: DeployKey, repository: Repository, { api }: Call) {
  const url = `${api}/repos/${fullName(repository)}/keys/${id}`;
  return { id, key, url, title, verified: true, created_at: createdAt, read_only: readOnly };
}

function keyOf(call: Call): [DeployKey, Repository] {
  const repository = repositoryOf(call, "admin");
  const key = repository.keys.get(Number(call.params.key_id));
  if (key === undefined) throw new Refusal(404, "Not Found");
  return [key, repository];
}

export const keyRoutes: readonly Route[] = [
  route("GET", "/repos/{owner}/{repo}/keys", (call) => {
    const repository = repositoryOf(call, "admin");
    return page(call, [...repository.keys.values()], `/repos/${fullName(repository)}/keys`, (items) =>
      items.map((key) => keyShape(key, repository, call)),
    );
  }),
  route("POST", "/repos/{owner}/{repo}/keys", (call) => {
    const repository = repositoryOf(call, "admin");
    const [type = "", blob = ""] = String(call.body.key).split(" ");
    if (!/^(ssh-|ecdsa-)/.test(type) || blob === "") {
      const message = "key is invalid. You must supply a key in OpenSSH public key format";
      throw new Refusal(422, "Validation Failed", [{ resource: "PublicKey", code: "custom", field: "key", message }]);
    }
    const key = `${type} ${blob}`;
    if (call.state.repositories.some(({ keys }) => [...keys.values()].some((known) => known.key === key))) {
      const message = "key is already in use";
      throw new Refusal(422, "Validation Failed", [{ resource: "PublicKey", code: "custom", field: "key", message }]);
    }
    const made: DeployKey = {
      id: call.state.next(),
      key,
      title: String(call.body.title ?? ""),
      readOnly: call.body.read_only === true,
      createdAt: now(),
    };
    repository.keys.set(made.id, made);
    return created(keyShape(made, repository, call));
  }),
  route("GET", "/repos/{owner}/{repo}/keys/{key_id}", (call) => {
    const [key, repository] = keyOf(call);
    return ok(keyShape(key, repository, call));
  }),
  route("DELETE", "/repos/{owner}/{repo}/keys/{key_id}", (call) => {
    const [key, repository] = keyOf(call);
    repository.keys.delete(key.id);
    return nothing;
  }),
];
