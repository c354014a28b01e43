-- The route table: one entry an app, in the shared dictionary `routes` and in a file. This module alone
-- writes either. Workers keep what they read for as long as its version stays the same, which counts every change of
-- where requests go: of an entry, and of whether a dyno may be used (router.health).
--
-- entry: { app, revision, change, mode, crashed, welcome, maintenance, redirect, hsts, hosts = { "hello.localhost", "*.shop.example" },
--          dynos = { { name, port, dyno } }, check = { type, path, timeout }, drain }; times in seconds. `revision` counts what was declared, `change`
--          also what was done at run time (mode, crashed), which no deployment may take for a difference. `crashed`: its dynos
--          crashed, and requests wait for none of them.

local cjson = require "cjson.safe"

local exclusive = require "router.exclusive"

local M = {}

local routes = ngx.shared.routes
local path
local cached = { version = -1, by_host = {} }
local decoded = {}

-- Lua knows no empty list: cjson would write {}.
local function list(items)
  return #items == 0 and "[]" or cjson.encode(items)
end

local function encode(entry)
  return string.format(
    '{"app":%s,"revision":%d,"change":%d,"mode":%s,"crashed":%s,"welcome":%s,"maintenance":%s,"redirect":%s,"hsts":%d,"hosts":%s,"dynos":%s,"check":%s,"drain":%s}',
    cjson.encode(entry.app), entry.revision, entry.change, cjson.encode(entry.mode), tostring(entry.crashed),
    tostring(entry.welcome), tostring(entry.maintenance), tostring(entry.redirect), entry.hsts, list(entry.hosts), list(entry.dynos), cjson.encode(entry.check), cjson.encode(entry.drain)
  )
end

-- What older routers did not write.
local function complete(entry)
  entry.change = entry.change or entry.revision
  entry.mode = entry.mode or "awake"
  entry.crashed = entry.crashed or false
  entry.welcome = entry.welcome or false
  entry.maintenance = entry.maintenance or false
  entry.redirect = entry.redirect or false
  entry.hsts = entry.hsts or 0
  return entry
end

-- An app's entry; nobody changes what this returns, since the same is given until the entry changes.
local function stored(app)
  local json = routes:get("app:" .. app)
  if not json then
    decoded[app] = nil
    return nil
  end
  local known = decoded[app]
  if not known or known.json ~= json then
    known = { json = json, entry = cjson.decode(json) }
    decoded[app] = known
  end
  return known.entry
end

local function app_names()
  local names = {}
  for _, key in ipairs(routes:get_keys(0)) do
    local app = key:match "^app:(.*)$"
    if app then names[#names + 1] = app end
  end
  table.sort(names)
  return names
end

-- Whole or not at all: a new file is renamed over the old one.
local function write_file(revision, changed_app, changed_json)
  local entries = {}
  for _, app in ipairs(app_names()) do
    if app ~= changed_app then entries[#entries + 1] = routes:get("app:" .. app) end
  end
  entries[#entries + 1] = changed_json
  local temporary = path .. "." .. ngx.worker.pid() .. ".new"
  local file, problem = io.open(temporary, "w")
  if not file then error("cannot write the route table: " .. problem, 0) end
  local text = '{"version":1,"revision":' .. revision .. ',"apps":[\n' .. table.concat(entries, ",\n") .. "\n]}\n"
  local written, reason = file:write(text)
  local closed, close_reason = file:close()
  if not (written and closed) then error("cannot write the route table: " .. (reason or close_reason), 0) end
  local renamed, rename_reason = os.rename(temporary, path)
  if not renamed then error("cannot write the route table: " .. rename_reason, 0) end
end

local function set(key, value)
  local ok, problem = routes:safe_set(key, value)
  if not ok then error("the route table's memory is full: " .. problem, 0) end
end

-- Where requests go has changed: all workers look anew.
function M.touch()
  routes:incr("version", 1, 0)
end

local function fill(entry, json)
  set("app:" .. entry.app, json)
  for _, host in ipairs(entry.hosts) do set("host:" .. host, entry.app) end
end

local function forget_hosts(entry, kept)
  for _, host in ipairs(entry and entry.hosts or {}) do
    if not kept[host] then routes:delete("host:" .. host) end
  end
end

local function exclusively(change)
  return exclusive(routes, change)
end

-- Reads the file, once, before there are workers. What cannot be read is put aside: the next `up` of each
-- app sees that its entry is missing and makes it again.
function M.load(file_path)
  path = file_path
  routes:set("generation", 0)
  M.touch()
  local file = io.open(path, "r")
  if not file then return end
  local saved = cjson.decode(file:read "*a")
  file:close()
  if type(saved) ~= "table" or type(saved.apps) ~= "table" then
    os.rename(path, path .. ".unreadable")
    ngx.log(ngx.ALERT, "cannot read ", path, ": put aside as ", path, ".unreadable; starting without routes")
    return
  end
  for _, entry in ipairs(saved.apps) do fill(entry, encode(complete(entry))) end
  routes:set("generation", saved.revision)
end

-- What is kept is what somebody declared, never a name that a stranger asks for.
local function declared(host)
  local entry = cached.by_host[host]
  if not entry then
    local app = routes:get("host:" .. host)
    entry = app and stored(app)
    cached.by_host[host] = entry
  end
  return entry
end

-- The entry that serves a host name, by that name or by the wildcard one label above (nil when there is none), and the
-- version of what was read.
function M.for_host(host)
  local version = routes:get "version"
  if cached.version ~= version then cached = { version = version, by_host = {} } end
  return cached.by_host[host] or declared(host) or declared((host:gsub("^[^.]*", "*", 1))), version
end

-- Whether nothing changed since a version was read. Asked after a request was counted in, so that either the request
-- sees a switch or the switch's drain sees the request.
function M.is_unchanged(version)
  return routes:get "version" == version
end

-- Whether what an entry said when it was read still stands.
function M.is_current(entry)
  local now = stored(entry.app)
  return now ~= nil and now.change == entry.change
end

-- Counts the changes of entries.
function M.revision()
  return routes:get "generation"
end

-- The entry of an app; nil when there is none.
function M.get(app)
  return stored(app)
end

-- The same as JSON.
function M.json(app)
  return routes:get("app:" .. app)
end

-- Calls `visit` with every entry.
function M.each(visit)
  for _, app in ipairs(app_names()) do visit(stored(app)) end
end

-- All entries as a JSON list, by the apps' names.
function M.all_json()
  local entries = {}
  for _, app in ipairs(app_names()) do entries[#entries + 1] = routes:get("app:" .. app) end
  return "[" .. table.concat(entries, ",\n") .. "]"
end

-- The app that has one of these hosts already, and the host.
function M.host_owner(app, hosts)
  for _, host in ipairs(hosts) do
    local owner = routes:get("host:" .. host)
    if owner and owner ~= app then return owner, host end
  end
end

-- Puts an entry, whole or not at all, and awake.
-- Returns its revision and the entry before it.
function M.put(entry)
  return exclusively(function()
    local owner, host = M.host_owner(entry.app, entry.hosts)
    if owner then error(host .. " was given to app " .. owner .. " meanwhile", 0) end
    local before = stored(entry.app)
    local revision = routes:get "generation" + 1
    entry.revision, entry.change, entry.crashed = revision, revision, false
    entry.mode = "awake"
    local json = encode(entry)
    write_file(revision, entry.app, json)
    fill(entry, json)
    local kept = {}
    for _, host in ipairs(entry.hosts) do kept[host] = true end
    forget_hosts(before, kept)
    routes:set("generation", revision)
    M.touch()
    return revision, before
  end)
end

-- Changes what is so of an app at run time. Returns the entry before; nil when there is none.
local function change(app, mode, crashed)
  return exclusively(function()
    local before = stored(app)
    if not before then return nil end
    mode = mode or before.mode
    if before.mode == mode and before.crashed == crashed then return before end
    local entry = {}
    for key, value in pairs(before) do entry[key] = value end
    entry.mode, entry.crashed, entry.change = mode, crashed, routes:get "generation" + 1
    local json = encode(entry)
    write_file(entry.change, app, json)
    set("app:" .. app, json)
    routes:set("generation", entry.change)
    M.touch()
    return before
  end)
end

-- Changes an app's mode; whether its dynos crash is to be seen anew.
function M.set_mode(app, mode)
  return change(app, mode, false)
end

function M.set_crashed(app, crashed)
  return change(app, nil, crashed)
end

-- Removes an app's entry. Returns it; nil when there was none.
function M.remove(app)
  return exclusively(function()
    local before = stored(app)
    if not before then return nil end
    local revision = routes:get "generation" + 1
    write_file(revision, app, nil)
    routes:delete("app:" .. app)
    forget_hosts(before, {})
    routes:set("generation", revision)
    M.touch()
    return before
  end)
end

-- Takes a turn in changing an app's entry; `overtaken` tells when a later turn was taken.
function M.take_turn(app)
  return routes:incr("turn:" .. app, 1, 0)
end

function M.overtaken(app, turn)
  return routes:get("turn:" .. app) ~= turn
end

return M
