import { person } from "../objects.ts";
import type { Operations } from "../operation.ts";
import { flag, list, none, object, oneOf, orNull, text, time, uri, uuid, whole } from "../schema.ts";
import { build } from "./builds.ts";

const link = object({
  id: uuid,
  app_id: uuid,
  repo: text,
  repo_id: orNull(whole),
  branch: text,
  auto_deploy: flag,
  wait_for_ci: flag,
  stale_days: none,
  pull_requests: object({ enabled: flag, auto_deploy: flag, auto_destroy: flag }),
  owner: person,
  html_url: uri,
  stack: text,
  forge: oneOf("github", "gitea"),
  status: object({
    by: oneOf("webhook", "polling"),
    head: orNull(text),
    looked_at: orNull(time),
    waiting: orNull(text),
    problem: orNull(text),
  }),
});

const settings = { "branch?": orNull(text), "auto_deploy?": orNull(flag), "wait_for_ci?": orNull(flag) };

const repository = object({
  id: whole,
  name: text,
  full_name: text,
  default_branch: text,
  private: flag,
  html_url: uri,
  clone_url: uri,
});

const account = object({
  connected: flag,
  login: orNull(text),
  forge: oneOf("github", "gitea"),
  base_url: uri,
  way: orNull(oneOf("app", "token", "device")),
  app_url: orNull(uri),
  connected_at: orNull(time),
  by_app: flag,
  by_code: flag,
});

const code = object({
  id: text,
  user_code: text,
  verification_uri: uri,
  expires_at: time,
  status: oneOf("pending", "connected", "failed"),
  login: orNull(text),
  message: orNull(text),
});

export const github: Operations = {
  "GET /apps/:app/github": { summary: "The repository at GitHub that an app is connected to", answer: link },
  "POST /apps/:app/github": {
    summary: "Connect an app to a repository at GitHub",
    body: object({ repo: text, ...settings }),
    example: { repo: "octocat/hello-world" },
    status: 201,
    answer: link,
  },
  "PATCH /apps/:app/github": {
    summary: "Change which branch is deployed, and whether by itself",
    body: object(settings),
    example: { auto_deploy: true },
    answer: link,
  },
  "DELETE /apps/:app/github": { summary: "Disconnect an app from its repository", answer: link },
  "GET /apps/:app/github/branches": {
    summary: "List the branches of an app's repository",
    answer: list(object({ name: text, commit: object({ sha: text }) })),
  },
  "POST /apps/:app/github/push": {
    summary: "Deploy the head of a branch, by default of the app's own",
    body: object({ "branch?": orNull(text) }),
    example: { branch: "main" },
    status: 201,
    answer: build,
  },
  "GET /apps/:app/repo": {
    summary: "The repository of an app, in few words",
    answer: object({ id: orNull(whole), full_name: text, default_branch: orNull(text) }),
  },
  "GET /github/search/repositories": {
    summary: "Search the repositories that the connected account may deploy from",
    query: { q: text },
    answer: object({ total_count: whole, incomplete_results: flag, items: list(repository) }),
  },
  "GET /repos/:owner/:repo": { summary: "A repository, as the connected account sees it", answer: repository },
  "GET /repos/:owner/:repo/compare/:range": {
    summary: "What a commit has that another has not: BASE...HEAD",
    answer: object({
      ahead_by: whole,
      total_commits: whole,
      commits: list(
        object({ sha: text, commit: object({ message: text, author: object({ name: text, date: text }) }) }),
      ),
    }),
  },
  "GET /account/github": { summary: "The GitHub account that is connected", answer: account },
  "POST /account/github": {
    summary: "Connect a GitHub account by a token of its",
    body: object({ token: text }),
    example: { token: "none" },
    status: 201,
    answer: account,
  },
  "DELETE /account/github": { summary: "Forget the GitHub account", answer: account },
  "GET /account/github/token": {
    summary: "A token that stands for the GitHub account where this platform answers in GitHub's stead",
    answer: object({ github: object({ token: text }) }),
  },
  "GET /account/github/app-manifest": {
    summary: "What a browser takes to GitHub to have an App made there",
    query: { return_to: text, organization: text },
    answer: object({ action: uri, manifest: object({ name: text, url: uri, redirect_url: uri, setup_url: uri }) }),
  },
  "POST /account/github/app": {
    summary: "Take the App that was made at GitHub",
    body: object({ code: text, state: text }),
    example: { code: "none", state: "none" },
    status: 201,
    answer: object({ install_url: uri }),
  },
  "POST /account/github/app/installation": {
    summary: "Note on which account the App was installed",
    body: object({ installation_id: text, "state?": orNull(text) }),
    example: { installation_id: "1" },
    status: 201,
    answer: object({ connected: flag, login: orNull(text), return_to: orNull(text) }),
  },
  "POST /account/github/codes": {
    summary: "Ask GitHub for a code that lets the platform in when it is typed there",
    status: 201,
    answer: code,
  },
  "GET /account/github/codes/:code": { summary: "Whether a code was typed", answer: code },
};
