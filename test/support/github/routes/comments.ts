import { type Call, created, nothing, ok, page, Refusal, type Route, repositoryOf, route, viewer } from "../call.ts";
import { nodeId, userShape } from "../shapes.ts";
import { type Comment, fullName, now, type Repository } from "../state.ts";

/** Characters that a comment may have. */
const LIMIT = 65_536;

/** `issue-comment`. */
function commentShape({ id, issue, user, body, at, updatedAt }: Comment, repository: Repository, call: Call) {
  const own = `${call.api}/repos/${fullName(repository)}/issues`;
  return {
    url: `${own}/comments/${id}`,
    html_url: `${call.url}/${fullName(repository)}/pull/${issue}#issuecomment-${id}`,
    issue_url: `${own}/${issue}`,
    id,
    node_id: nodeId("IC", id),
    user: userShape(user, call),
    created_at: at,
    updated_at: updatedAt,
    body,
    author_association: "NONE",
    performed_via_github_app: null,
  };
}

function bodyOf({ body }: Call): string {
  const text = String(body.body ?? "");
  if (text === "" || text.length > LIMIT) {
    const message = text === "" ? "Body can't be blank" : `Body is too long (maximum is ${LIMIT} characters)`;
    throw new Refusal(422, "Validation Failed", [
      { resource: "IssueComment", code: "unprocessable", field: "data", message },
    ]);
  }
  return text;
}

function commentOf(call: Call, repository: Repository): Comment {
  const found = repository.comments.find(({ id }) => id === Number(call.params.comment_id));
  if (found === undefined) throw new Refusal(404, "Not Found");
  return found;
}

const ONE = "/repos/{owner}/{repo}/issues/comments/{comment_id}";
const ALL = "/repos/{owner}/{repo}/issues/{issue_number}/comments";

export const commentRoutes: readonly Route[] = [
  route("GET", ALL, (call) => {
    const repository = repositoryOf(call);
    const issue = Number(call.params.issue_number);
    const found = repository.comments.filter((comment) => comment.issue === issue);
    const shapes = found.map((comment) => commentShape(comment, repository, call));
    return page(call, shapes, `/repos/${fullName(repository)}/issues/${issue}/comments`, (items) => items);
  }),
  route("POST", ALL, (call) => {
    const repository = repositoryOf(call, "write");
    const issue = Number(call.params.issue_number);
    if (!repository.pulls.some(({ number }) => number === issue)) throw new Refusal(404, "Not Found");
    const at = now();
    const comment: Comment = {
      id: call.state.next(),
      issue,
      user: viewer(call).user,
      body: bodyOf(call),
      at,
      updatedAt: at,
    };
    repository.comments.push(comment);
    return created(commentShape(comment, repository, call));
  }),
  route("PATCH", ONE, (call) => {
    const repository = repositoryOf(call, "write");
    const comment = commentOf(call, repository);
    Object.assign(comment, { body: bodyOf(call), updatedAt: now() });
    return ok(commentShape(comment, repository, call));
  }),
  route("DELETE", ONE, (call) => {
    const repository = repositoryOf(call, "write");
    repository.comments.splice(repository.comments.indexOf(commentOf(call, repository)), 1);
    return nothing;
  }),
];
