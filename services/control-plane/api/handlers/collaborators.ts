import type { User } from "../../accounts/users.ts";
import type { DeclaredApp } from "../../apps/ports.ts";
import { type Answer, type Call, requiredText } from "../call.ts";
import type { Desk } from "../desk.ts";
import { ApiError, invalid, notFound } from "../errors.ts";
import type { Route } from "../routes.ts";

const PATH = "/apps/:app/collaborators";

/** Who may use an app: its owner, and those with whom the owner shares it. */
export function collaboratorRoutes(desk: Desk): Route[] {
  return [
    ["GET", PATH, async (call) => ({ body: list(desk, await desk.app(call)) })],
    ["POST", PATH, (call) => add(desk, call)],
    ["GET", `${PATH}/:collaborator`, async (call) => ({ body: find(desk, await desk.app(call), call) })],
    ["DELETE", `${PATH}/:collaborator`, (call) => remove(desk, call)],
    ["POST", "/account/app-transfers", (call) => transfer(desk, call)],
  ];
}

interface Shown {
  readonly id: string;
  readonly user: { readonly id: string; readonly email: string; readonly federated: boolean };
}

function list(desk: Desk, app: DeclaredApp): Shown[] {
  const { access } = desk.ports.accounts;
  const owner = access.owner(app.id);
  return [
    show(desk, app, { id: desk.id("owner", app.id), user: owner, createdAt: app.createdAt }, "owner"),
    ...access.collaborators(app.id).map((each) => show(desk, app, each, "collaborator")),
  ];
}

function find(desk: Desk, app: DeclaredApp, { params: { collaborator: which = "" } }: Call): Shown {
  const found = list(desk, app).find(({ id, user }) => [id, user.id, user.email].includes(which.toLowerCase()));
  if (found === undefined) throw notFound("collaborator");
  return found;
}

async function add(desk: Desk, call: Call): Promise<Answer> {
  const app = await desk.app(call, "own");
  const { access } = desk.ports.accounts;
  const user = known(desk, requiredText(call, "user"));
  if (access.owner(app.id).id === user.id) throw invalid("user", `${user.email} owns ${app.name}.`);
  if (access.isCollaborator(app.id, user.id)) {
    throw invalid("user", `User ${user.email} is already a collaborator on app ${app.name}.`);
  }
  const work = async () => access.add(app.id, user.id);
  const added = await desk.act(call, app, `Add collaborator ${user.email}`, work);
  desk.say(app, `Add collaborator ${user.email} by user ${call.caller.email}`);
  return { status: 201, body: show(desk, app, added, "collaborator") };
}

async function remove(desk: Desk, call: Call): Promise<Answer> {
  const shared = await desk.app(call);
  const found = find(desk, shared, call);
  // Everybody may leave.
  const app = found.user.id === call.caller.id ? shared : await desk.app(call, "own");
  const { access } = desk.ports.accounts;
  if (found.user.id === access.owner(app.id).id) {
    throw new ApiError(
      422,
      "invalid_params",
      `${found.user.email} owns ${app.name}. Transfer it first: \`heroku apps:transfer\`.`,
    );
  }
  await desk.act(call, app, `Remove collaborator ${found.user.email}`, async () =>
    access.remove(app.id, found.user.id),
  );
  desk.say(app, `Remove collaborator ${found.user.email} by user ${call.caller.email}`);
  return { body: found };
}

/** Gives an app to another user, at once: whom the owner trusts that far is a user of this platform. */
async function transfer(desk: Desk, call: Call): Promise<Answer> {
  const app = await desk.appNamed(call, requiredText(call, "app"), "own");
  const { access } = desk.ports.accounts;
  const [owner, recipient] = [access.owner(app.id), known(desk, requiredText(call, "recipient"))];
  await desk.act(call, app, `Transfer to ${recipient.email}`, async () => access.give(app.id, recipient.id));
  desk.say(app, `Transfer to ${recipient.email} by user ${call.caller.email}`);
  const time = new Date(desk.clock()).toISOString();
  return {
    status: 201,
    body: {
      id: desk.id("transfer", app.id, time),
      app: { id: desk.appId(app), name: app.name },
      owner: { id: owner.id, email: owner.email },
      recipient: { id: recipient.id, email: recipient.email },
      state: "accepted",
      created_at: time,
      updated_at: time,
    },
  };
}

/** @param which an e-mail address or an id */
function known(desk: Desk, which: string): User {
  const user = desk.ports.accounts.users.find(which);
  if (user !== undefined) return user;
  const message = `There is no user ${which.slice(0, 254)} here. An admin can invite them: \`npx dynoform invite\`.`;
  throw new ApiError(404, "not_found", message, { resource: "user" });
}

function show(
  desk: Desk,
  app: DeclaredApp,
  of: { readonly id: string; readonly user: Pick<User, "id" | "email">; readonly createdAt: number },
  role: "owner" | "collaborator",
): Shown & Record<string, unknown> {
  const time = new Date(of.createdAt).toISOString();
  return {
    id: of.id,
    app: { id: desk.appId(app), name: app.name },
    created_at: time,
    role,
    updated_at: time,
    user: { id: of.user.id, email: of.user.email, federated: false },
  };
}
