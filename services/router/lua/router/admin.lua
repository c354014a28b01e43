-- The admin API, HTTP on a Unix socket that only the platform's owner can open.
--
-- PUT /apps/<app> { hosts, dynos: [{ name, port, dyno? }], check: { type, path, timeout }, drain, welcome?, maintenance?,
--             redirect?, hsts?, replaced? }
--     times in seconds; `dyno` as in web.1; `welcome`: nothing was ever deployed; `maintenance`: a page, while dynos run;
--     `redirect`: what comes by HTTP is sent to HTTPS; `hsts`: for so long browsers are to come by HTTPS alone
--     200 { revision, left, failing? }  422 { error, message, dyno?, reason?, status?, answered? }  409 { error, message }
--     Blocks until the change is complete. A client that goes away before the switch withdraws it.
--     check.type  tcp: a connection is accepted. http: an answer below 500. no-worse: the same; one of 500 or
--     more, or none although it listens, only if no dyno that is left out answers below 500. `failing` are those taken
--     like that: [{ name, reason, status?, answered? }]
--     422 { error: stopped }: the app sleeps, so that these dynos cannot be asked. Wake it, ask, and send what they do as
--     `replaced`: serve | fail.
-- POST /apps/<app>/ask { dynos: [service], path, seconds }  200 { serve: true | false }
--     Whether one of these dynos answers below 500; those that cannot be reached are waited for.
-- GET /dynos/<service>  200 { bound }  Whether it was seen to listen on its port when it was last asked.
-- DELETE /apps/<app>  200 { left }      GET /apps/<app>  200 entry, 404      GET /apps  200 [entry]
--
-- PUT /certificates/<name> { hosts, chain, key }  200 { revision }
--     Chain and key in PEM; `hosts` are the names to serve it for: www.shop.example, or *.shop.example.
-- DELETE /certificates/<name>  200 {}
-- GET /certificates/<name>  200 { name, hosts, chain, revision }, 404      GET /certificates  200 [those]
--     Nobody is given a key.
-- GET /revision?after=<routes>.<certificates>  200 { routes, certificates }  Each changes when what it counts does.
--     With `after`, the answer comes when they are others than those, or after 20 seconds.
--
-- At run time, which changes nothing that was declared; 404 for an app or dyno that is not there:
-- POST /apps/<app>/mode { mode: awake | napping | asleep | quota, ifIdle? }  200 { left }  409 { error: busy }
--     Blocks until the requests in flight have ended. `ifIdle`: only after that many seconds without one. `napping`: its
--     dynos are frozen, and serve where they are as soon as it is awake; `asleep`, `quota`: they are stopped.
-- POST /apps/<app>/dynos/<service> { state: out }  200 { left }
--     No more requests, until it is in again, or for 90 s. Blocks until those it has ended.
-- POST /apps/<app>/dynos/<service> { state: in }  200 { left }  422 as of PUT  409 { error: overtaken }
--     Blocks until it answers, elsewhere than where it was when it was taken out.
-- POST /apps/<app>/dynos/<service> { state: keep | move, at: address }  200 { left }  422, 409 as of PUT
--     A restart beside: the dyno has two containers for a while. `keep`: requests stay with this one. `move`: they go to
--     this one; blocks until it answers. For as long as the entry's times and 3 minutes, or until `alone`.
-- POST /apps/<app>/dynos/<service> { state: drain }  200 { left }
--     Blocks until the requests that came before `move` have ended.
-- POST /apps/<app>/dynos/<service> { state: alone }  200 { left }
--     The name leads to one container again.
-- POST /apps/<app>/crashed { crashed: true | false }  200 {}
--     While no dyno can be used, requests are answered at once (H10) instead of waiting.
-- GET /activity  200 { <app>: { last, inflight, requests } }  `last` in seconds since 1970
-- GET /health  200 { ok }

local cjson = require "cjson.safe"

local activity = require "router.activity"
local certificates = require "router.certificates"
local check = require "router.check"
local probe = require "router.probe"
local routes = require "router.table"
local switch = require "router.switch"
local tls = require "router.tls"

local function answer(status, body)
  ngx.status = status
  ngx.header["Content-Type"] = "application/json"
  ngx.say(type(body) == "string" and body or cjson.encode(body))
end

local function body()
  ngx.req.read_body()
  return cjson.decode(ngx.req.get_body_data() or "")
end

local function invalid(message)
  return 400, { error = "invalid", message = message }
end

local actions = {}

function actions.PUT(app)
  local sent = body()
  local entry, problem = check.entry(app, sent)
  if not entry then return invalid(problem) end
  return switch.put(entry, sent.replaced)
end

function actions.DELETE(app)
  return switch.remove(app)
end

function actions.GET(app)
  local entry = routes.json(app)
  if not entry then return 404, { error = "not_found", message = "no app " .. app } end
  return 200, entry
end

local of_certificates = {}

function of_certificates.PUT(name)
  local certificate, problem = check.certificate(name, body())
  problem = problem or tls.problem(certificate.chain, certificate.key)
  if problem then return invalid(problem) end
  return 200, { revision = certificates.put(certificate) }
end

function of_certificates.DELETE(name)
  certificates.remove(name)
  return 200, {}
end

function of_certificates.GET(name)
  local certificate = certificates.show(name)
  if not certificate then return 404, { error = "not_found", message = "no certificate " .. name } end
  return 200, certificate
end

local function all_certificates()
  local found = certificates.show_all()
  return found[1] and found or "[]"
end

local posts = {}

function posts.mode(app)
  local mode, if_idle = check.mode(body())
  if not mode then return invalid(if_idle) end
  return switch.mode(app, mode, if_idle)
end

function posts.crashed(app)
  local sent = body()
  if type(sent) ~= "table" or type(sent.crashed) ~= "boolean" then return invalid "crashed: neither true nor false" end
  return switch.crashed(app, sent.crashed)
end

function posts.ask(app)
  local dynos, path, seconds = check.question(body())
  if not dynos then return invalid(path) end
  return switch.ask(app, dynos, path, seconds)
end

local function post_dyno(app, service)
  local sent = body()
  local state = type(sent) == "table" and sent.state
  if state == "out" then return switch.take_out(app, service) end
  if state == "in" then return switch.put_in(app, service) end
  if state == "drain" then return switch.drain_old(app, service) end
  if state == "alone" then return switch.alone(app, service) end
  if state ~= "keep" and state ~= "move" then return invalid "state: none of out, in, keep, move, drain, alone" end
  if not check.is_address(sent.at) then return invalid "at: no address" end
  return (state == "keep" and switch.keep_at or switch.move_to)(app, service, sent.at)
end

local function all_activity()
  local all = {}
  routes.each(function(entry) all[entry.app] = activity.of(entry) end)
  return all
end

-- Seconds for which a change is waited for, and between two looks.
local FOLLOW, LOOK = 20, 0.05

local function revision(after)
  local stop = ngx.now() + FOLLOW
  while true do
    local now = { routes = routes.revision(), certificates = certificates.revision() }
    if after ~= now.routes .. "." .. now.certificates or ngx.now() >= stop then return 200, now end
    ngx.sleep(LOOK)
  end
end

local function handle()
  local uri, method = ngx.var.uri, ngx.req.get_method()
  if uri == "/health" then return 200, { ok = true } end
  if uri == "/apps" and method == "GET" then return 200, routes.all_json() end
  if uri == "/activity" and method == "GET" then return 200, all_activity() end
  if uri == "/revision" and method == "GET" then return revision(ngx.var.arg_after) end
  if uri == "/certificates" and method == "GET" then return 200, all_certificates() end
  local certificate = uri:match "^/certificates/([a-z0-9][a-z0-9.-]*)$"
  if certificate and of_certificates[method] then return of_certificates[method](certificate) end
  local proven = method == "GET" and uri:match "^/dynos/([%w_-]+)$"
  if proven then return 200, { bound = probe.is_bound(proven) } end
  if method == "POST" then
    local app, what = uri:match "^/apps/([a-z0-9-]+)/(%l+)$"
    if posts[what] then return posts[what](app) end
    local of, service = uri:match "^/apps/([a-z0-9-]+)/dynos/([%w_-]+)$"
    if of then return post_dyno(of, service) end
  end
  local app = uri:match "^/apps/([a-z0-9-]+)$"
  local action = app and actions[method]
  if not action then return 404, { error = "not_found", message = "no " .. method .. " " .. uri } end
  return action(app)
end

return {
  handle = function()
    local ok, status, result = pcall(handle)
    if ok then return answer(status, result) end
    ngx.log(ngx.ERR, status)
    answer(500, { error = "internal", message = tostring(status) })
  end,
}
