-- A change of an app's entry, as one call: prove the new dynos, switch, drain those left out. And what is done at run
-- time: sleep and wake, dynos taken out and put in.

local activity = require "router.activity"
local beside = require "router.beside"
local dns = require "router.dns"
local health = require "router.health"
local inflight = require "router.inflight"
local predecessor = require "router.predecessor"
local probe = require "router.probe"
local routes = require "router.table"
local wake = require "router.wake"

local M = {}

local LOOK = 0.01
-- Seconds: a dyno that serves and cannot be reached, because it is started again, say, may be back within these.
local BACK = 10

-- Those of `dynos` that `others` does not have.
local function without(dynos, others)
  local there, rest = {}, {}
  for _, dyno in ipairs(others) do there[dyno.name] = true end
  for _, dyno in ipairs(dynos) do
    if not there[dyno.name] then rest[#rest + 1] = dyno end
  end
  return rest
end

local function is_stopped(entry)
  return entry.mode == "asleep" or entry.mode == "quota"
end

-- What is made of a new dyno that answers 500 or more, or nothing: see probe.until_ready. With the check "no-worse" it is taken
-- unless a dyno that is left out does better. Whoever asks first finds that out, and the others wait for it.
-- @param verdict what is known of those left out: "serve" or "fail"
local function tolerance(entry, now, verdict)
  if verdict == "fail" then return function() return true end end
  if verdict == "serve" or entry.check.type ~= "no-worse" then return function() return false end end
  local replaced = without(now and now.dynos or {}, entry.dynos)
  -- There is nothing to make worse; nor is there while every request gets a page of ours.
  if not replaced[1] or entry.maintenance then return function() return true end end
  if is_stopped(now) then return function() return "stopped" end end
  local asking, serve
  return function()
    while asking do ngx.sleep(LOOK) end
    if serve == nil then
      asking = true
      serve = predecessor.serve(replaced, entry.check, entry.hosts[1] or entry.app, now.crashed and 0 or BACK)
      asking = false
    end
    return not serve
  end
end

-- Probes all at once. Returns the first failure and its dyno; or nil, nil and those that were taken although they
-- answer 500 or more, or nothing: { name, reason, status, answered }.
local function prove(dynos, entry, overtaken, takes)
  local threads, thread_of, failing = {}, {}, {}
  local host = entry.hosts[1] or entry.app
  for i, dyno in ipairs(dynos) do
    threads[i] = ngx.thread.spawn(function()
      health.await_end(dyno.name)
      return dyno, probe.until_ready(dyno, entry.check, host, overtaken, takes)
    end)
    thread_of[dyno] = threads[i]
  end
  while #threads > 0 do
    local ok, dyno, failure, taken = ngx.thread.wait(unpack(threads))
    if not ok then error(dyno, 0) end
    if failure then
      for _, thread in ipairs(threads) do ngx.thread.kill(thread) end
      return failure, dyno
    end
    if taken then
      taken.name = dyno.name
      failing[#failing + 1] = taken
    end
    for i, thread in ipairs(threads) do
      if thread == thread_of[dyno] then
        table.remove(threads, i)
        break
      end
    end
  end
  return nil, nil, failing
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
  end
  return left
end

-- Drains dynos that no entry names any more.
local function retire(dynos, seconds)
  local left = drain(dynos, seconds)
  for _, dyno in ipairs(dynos) do
    inflight.forget(dyno.name)
    beside.forget(dyno.name)
    health.forget(dyno.name)
  end
  return left
end

local function find(entry, service)
  for _, dyno in ipairs(entry.dynos) do
    if dyno.name == service then return dyno end
  end
end

local function no_app(app)
  return 404, { error = "not_found", message = "no app " .. app }
end

local function no_dyno(app, service)
  return 404, { error = "not_found", message = app .. " has no dyno " .. service }
end

-- Makes an app's entry what is wanted. Returns a status and a body (see admin.lua).
-- @param verdict what is known of the dynos that it leaves out: "serve" or "fail"; nil: they are asked
function M.put(entry, verdict)
  local turn = routes.take_turn(entry.app)
  local overtaken = function() return routes.overtaken(entry.app, turn) end
  local owner, host = routes.host_owner(entry.app, entry.hosts)
  if owner then return 422, { error = "host", message = host .. " belongs to app " .. owner } end

  local now = routes.get(entry.app)
  -- Those of an app that sleeps were stopped, and have to prove themselves again.
  local unproven = without(entry.dynos, now and not is_stopped(now) and now.dynos or {})
  local failure, dyno, failing = prove(unproven, entry, overtaken, tolerance(entry, now, verdict))
  if failure == "overtaken" or overtaken() then
    return 409, { error = "overtaken", message = "a later change of " .. entry.app .. " took this one's place" }
  end
  if failure and failure.reason == "stopped" then
    local message = dyno.name .. " does not answer well, and the dynos in whose place it comes are stopped"
    return 422, { error = "stopped", dyno = dyno.name, message = message }
  end
  if failure then
    local message = dyno.name .. " did not prove itself within " .. entry.check.timeout .. " s: " .. failure.reason
    return 422, {
      error = "probe", dyno = dyno.name, message = message,
      reason = failure.reason, status = failure.status, answered = failure.answered,
    }
  end

  local revision, before = routes.put(entry)
  for _, proven in ipairs(unproven) do health.prove(proven.name) end
  wake.forget(entry.app)
  activity.touch(entry.app)
  local left = retire(without(before and before.dynos or {}, entry.dynos), entry.drain)
  return 200, { revision = revision, left = left, failing = failing[1] and failing or nil }
end

-- Whether dynos of an app answer below 500, also while it sleeps, once somebody has started them.
function M.ask(app, names, path, seconds)
  local entry = routes.get(app)
  if not entry then return no_app(app) end
  local dynos = {}
  for _, name in ipairs(names) do dynos[#dynos + 1] = find(entry, name) end
  for _, dyno in ipairs(dynos) do health.await_end(dyno.name) end
  local check = { type = "http", path = path }
  return 200, { serve = dynos[1] ~= nil and predecessor.serve(dynos, check, entry.hosts[1] or app, seconds) }
end

-- Removes an app's entry and drains its dynos.
function M.remove(app)
  routes.take_turn(app)
  local before = routes.remove(app)
  local left = retire(before and before.dynos or {}, before and before.drain or 0)
  activity.forget(app)
  return 200, { left = left }
end

-- Puts an app to sleep, out of hours, or back. With `if_idle` only when nobody asked for that many seconds.
function M.mode(app, mode, if_idle)
  local entry = routes.get(app)
  if not entry then return no_app(app) end
  if if_idle then
    local now = activity.of(entry)
    if now.inflight > 0 or ngx.now() - now.last < if_idle then
      return 409, { error = "busy", message = app .. " was used within the last " .. if_idle .. " seconds" }
    end
  end
  local stops = is_stopped { mode = mode }
  -- Before the switch, so that whoever read the entry after it finds no dyno.
  if stops then
    for _, dyno in ipairs(entry.dynos) do health.stop(dyno.name) end
  end
  -- While the app sleeps, a request that found nothing here would ask anew.
  if mode ~= "awake" then wake.forget(app) end
  local before = routes.set_mode(app, mode)
  if not before then return no_app(app) end
  if mode == "awake" then
    wake.forget(app)
    -- Those that were stopped are back as soon as they answer.
    local now = routes.get(app)
    for _, dyno in ipairs(now and now.dynos or {}) do
      if not health.is_usable(dyno.name) then health.watch(now, dyno) end
    end
    if before.mode ~= "awake" then activity.touch(app) end
    return 200, { left = {} }
  end
  local left = drain(before.dynos, before.drain)
  if stops and not is_stopped(before) then
    for _, dyno in ipairs(before.dynos) do
      health.leave(dyno.name)
      beside.forget(dyno.name)
    end
  end
  return 200, { left = left }
end

-- Gives a dyno no more requests, and waits until those it has ended.
function M.take_out(app, service)
  local entry = routes.get(app)
  local dyno = entry and find(entry, service)
  if not dyno then return no_dyno(app, service) end
  health.take_out(service)
  local left = drain({ dyno }, entry.drain)
  health.leave(service)
  health.watch(entry, dyno)
  return 200, { left = left }
end

-- Gives a dyno requests again as soon as it answers.
function M.put_in(app, service)
  local entry = routes.get(app)
  local dyno = entry and find(entry, service)
  if not dyno then return no_dyno(app, service) end
  local reason = health.put_in(entry, dyno, entry.check.timeout)
  if reason == "overtaken" then
    return 409, { error = "overtaken", message = "a later change of " .. app .. " took " .. service .. " away" }
  end
  if not reason then return 200, { left = {} } end
  local message = service .. " did not answer within " .. entry.check.timeout .. " s: " .. reason
  return 422, { error = "probe", dyno = service, message = message, reason = reason }
end

-- Seconds that a restart may take apart from the times that the entry names.
local RESTART = 180
-- Seconds within which Docker's DNS has told of a container that runs.
local NAMED = 2

-- A second container of the dyno is about to start: requests stay with the one at this address, also when they went to
-- the other meanwhile.
function M.keep_at(app, service, address)
  local entry = routes.get(app)
  if not (entry and find(entry, service)) then return no_dyno(app, service) end
  health.settle_at(service, address, beside.keep, entry.check.timeout + entry.drain + RESTART)
  return 200, { left = {} }
end

-- Gives a dyno's requests to its new container as soon as that answers; the old one keeps those that it has.
function M.move_to(app, service, address)
  local entry = routes.get(app)
  local dyno = entry and find(entry, service)
  if not dyno then return no_dyno(app, service) end
  local kept = beside.only(service)
  local overtaken = function()
    local now = routes.get(app)
    return beside.only(service) ~= kept or not (now and find(now, service)) or is_stopped(now)
  end
  local host, serve = entry.hosts[1] or app, nil
  -- What it says is the app's affair, as long as the old one says no better.
  local takes = function()
    if entry.maintenance then return true end
    if serve == nil then serve = predecessor.serve({ dyno }, entry.check, host, 0) end
    return not serve
  end
  local failure = probe.until_ready(dyno, entry.check, host, overtaken, takes, address)
  if failure == "overtaken" or overtaken() then
    return 409, { error = "overtaken", message = "a later change of " .. app .. " took the restart's place" }
  end
  if failure then
    local message = service .. " did not answer within " .. entry.check.timeout .. " s: " .. failure.reason
    return 422, { error = "probe", dyno = service, message = message, reason = failure.reason }
  end
  health.settle_at(service, address, beside.move, entry.drain + RESTART)
  routes.set_crashed(app, false)
  return 200, { left = {} }
end

-- Waits until a dyno's old container has answered its requests.
function M.drain_old(app, service)
  local entry = routes.get(app)
  if not (entry and find(entry, service)) then return no_dyno(app, service) end
  local left = beside.drain(service, entry.drain)
  return 200, { left = left > 0 and { [service] = left } or {} }
end

-- A dyno has one container again, and requests go where its name leads, as soon as that is there.
function M.alone(_, service)
  local deadline = ngx.now() + NAMED
  while beside.only(service) and ngx.now() < deadline do
    local only, _, all = dns.resolve(service)
    if all and #all == 1 and all[1] == only then break end
    ngx.sleep(LOOK)
  end
  beside.forget(service)
  routes.touch()
  return 200, { left = {} }
end

-- Says whether an app's dynos crashed, so that its requests wait for none of them.
function M.crashed(app, crashed)
  if not routes.set_crashed(app, crashed) then return no_app(app) end
  return 200, {}
end

return M
