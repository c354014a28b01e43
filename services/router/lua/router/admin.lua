-- The admin API, HTTP on a Unix socket that only the platform's owner can open.
--
-- PUT /apps/<app> { hosts, dynos: [{ name, port }], check: { type, path, timeout }, drain }  times in seconds
--     200 { revision, left }  422 { error, message, dyno?, reason?, status? }  409 { error, message }
--     Blocks until the change is complete. A client that goes away before the switch withdraws it.
-- DELETE /apps/<app>  200 { left }      GET /apps/<app>  200 entry, 404      GET /apps  200 [entry]
-- GET /health  200 { ok }

local cjson = require "cjson.safe"

local check = require "router.check"
local routes = require "router.table"
local switch = require "router.switch"

local function answer(status, body)
  ngx.status = status
  ngx.header["Content-Type"] = "application/json"
  ngx.say(type(body) == "string" and body or cjson.encode(body))
end

local function body()
  ngx.req.read_body()
  return cjson.decode(ngx.req.get_body_data() or "")
end

local actions = {}

function actions.PUT(app)
  local entry, problem = check.entry(app, body())
  if not entry then return 400, { error = "invalid", message = problem } end
  return switch.put(entry)
end

function actions.DELETE(app)
  return switch.remove(app)
end

function actions.GET(app)
  local entry = routes.json(app)
  if not entry then return 404, { error = "not_found", message = "no app " .. app } end
  return 200, entry
end

local function handle()
  local uri, method = ngx.var.uri, ngx.req.get_method()
  if uri == "/health" then return 200, { ok = true } end
  if uri == "/apps" and method == "GET" then return 200, routes.all_json() end
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
