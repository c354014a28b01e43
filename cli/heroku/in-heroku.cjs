/**
 * Loaded by Node into the process of the official `heroku` command before anything else: gives that process, and nothing
 * that it starts (git, psql, an editor, `heroku local`'s app), the platform as its HTTP proxy. The variables are there for
 * who asks for one by its name; who copies the environment has them not.
 */
"use strict";
const { ChildProcess } = require("node:child_process");

const environment = process.env;
const proxy = environment.DYNOFORM_PROXY;
delete environment.DYNOFORM_PROXY;
for (const name of ["NODE_OPTIONS", "NODE_EXTRA_CA_CERTS"]) {
  const own = environment[`DYNOFORM_OWN_${name}`];
  delete environment[`DYNOFORM_OWN_${name}`];
  if (own === undefined) delete environment[name];
  else environment[name] = own;
}

if (proxy !== undefined) {
  /** What the process sees instead of what the user has set. */
  const here = {
    HTTP_PROXY: proxy,
    http_proxy: proxy,
    HTTPS_PROXY: proxy,
    https_proxy: proxy,
    NO_PROXY: undefined,
    no_proxy: undefined,
    // With these, other authorities than those of NODE_EXTRA_CA_CERTS would be trusted in a tunnel.
    SSL_CERT_FILE: undefined,
    SSL_CERT_DIR: undefined,
  };
  const isHere = (name) => Object.hasOwn(here, name);
  const own = Object.entries(environment).filter(([name]) => isHere(name));
  process.env = new Proxy(environment, {
    get: (target, name) => (isHere(name) ? here[name] : Reflect.get(target, name)),
    // An environment takes no other way of setting one.
    set: (target, name, value) => Reflect.set(target, name, value),
    has: (target, name) => (isHere(name) ? here[name] !== undefined : Reflect.has(target, name)),
    ownKeys: (target) => Reflect.ownKeys(target).filter((name) => !isHere(name)),
  });
  // What the user has set of these goes to what the command starts.
  const { spawn } = ChildProcess.prototype;
  ChildProcess.prototype.spawn = function (options) {
    if (Array.isArray(options.envPairs)) {
      const given = new Set(options.envPairs.map((pair) => pair.split("=", 1)[0]));
      options.envPairs.push(...own.filter(([name]) => !given.has(name)).map(([name, value]) => `${name}=${value}`));
    }
    return spawn.call(this, options);
  };
}
