-- A change of an app's entry, as one call: prove the new dynos, switch, drain those left out.

local inflight = require "router.inflight"
local probe = require "router.probe"
local routes = require "router.table"

local M = {}

local LOOK = 0.01

-- Those of `dynos` that `others` does not have.
local function without(dynos, others)
  local there, rest = {}, {}
  for _, dyno in ipairs(others) do there[dyno.name] = true end
  for _, dyno in ipairs(dynos) do
    if not there[dyno.name] then rest[#rest + 1] = dyno end
  end
  return rest
end

-- Probes all at once. Nil, or the first failure and its dyno.
local function prove(dynos, entry, overtaken)
  local threads, thread_of = {}, {}
  local host = entry.hosts[1] or entry.app
  for i, dyno in ipairs(dynos) do
    threads[i] = ngx.thread.spawn(function()
      return dyno, probe.until_ready(dyno, entry.check, host, overtaken)
    end)
    thread_of[dyno] = threads[i]
  end
  while #threads > 0 do
    local ok, dyno, failure = ngx.thread.wait(unpack(threads))
    if not ok then error(dyno, 0) end
    if failure then
      for _, thread in ipairs(threads) do ngx.thread.kill(thread) end
      return failure, dyno
    end
    for i, thread in ipairs(threads) do
      if thread == thread_of[dyno] then
        table.remove(threads, i)
        break
      end
    end
  end
end

-- Waits until the dynos have no request in flight. Returns what is left after `seconds`, by name: an open
-- WebSocket, say, which ends with its dyno.
local function drain(dynos, seconds)
  local deadline = ngx.now() + seconds
  local left = {}
  for _, dyno in ipairs(dynos) do
    while inflight.count(dyno.name) > 0 and ngx.now() < deadline do ngx.sleep(LOOK) end
    local count = inflight.count(dyno.name)
    if count > 0 then left[dyno.name] = count end
    inflight.forget(dyno.name)
  end
  return left
end

-- Makes an app's entry what is wanted. Returns a status and a body (see admin.lua).
function M.put(entry)
  local turn = routes.take_turn(entry.app)
  local overtaken = function() return routes.overtaken(entry.app, turn) end
  local owner, host = routes.host_owner(entry.app, entry.hosts)
  if owner then return 422, { error = "host", message = host .. " belongs to app " .. owner } end

  local now = routes.get(entry.app)
  local failure, dyno = prove(without(entry.dynos, now and now.dynos or {}), entry, overtaken)
  if failure == "overtaken" or overtaken() then
    return 409, { error = "overtaken", message = "a later change of " .. entry.app .. " took this one's place" }
  end
  if failure then
    local message = dyno.name .. " did not prove itself within " .. entry.check.timeout .. " s: " .. failure.reason
    return 422, {
      error = "probe", dyno = dyno.name, message = message,
      reason = failure.reason, status = failure.status, answered = failure.answered,
    }
  end

  local revision, before = routes.put(entry)
  local left = drain(without(before and before.dynos or {}, entry.dynos), entry.drain)
  return 200, { revision = revision, left = left }
end

-- Removes an app's entry and drains its dynos.
function M.remove(app)
  routes.take_turn(app)
  local before = routes.remove(app)
  local left = drain(before and before.dynos or {}, before and before.drain or 0)
  return 200, { left = left }
end

return M
