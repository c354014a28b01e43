-- Requests that wait for a dyno. In each worker one timer looks for all that wait for an app. They go on as the dynos
-- bear it, because a few hundred at once would overflow the listen queue of one that has just come back.

local semaphore = require "ngx.semaphore"

local activity = require "router.activity"
local health = require "router.health"
local inflight = require "router.inflight"
local ongoing = require "router.ongoing"
local routes = require "router.table"
local wake = require "router.wake"

local M = {}

-- Requests that may wait, an app and worker.
local MOST = 500
local LOOK = 0.005
-- The same while dynos are thawed, which takes a few milliseconds.
local LOOK_AT_NAP = 0.001
-- Requests in flight that let more go to a dyno: uWSGI listens with a queue of 100. Beyond that they go one by one.
local AT_ONCE, TRICKLE = 64, 0.02

local gates = {}

-- How many more requests the app's dynos bear; nil when there is none. Asks for those that are down.
local function room(entry)
  local free
  for _, dyno in ipairs(entry.dynos) do
    if health.is_usable(dyno.name) then
      free = (free or 0) + math.max(AT_ONCE - inflight.count(dyno.name), 0)
    else
      health.watch(entry, dyno)
    end
  end
  return free
end

-- Whether waiting is of no use: what waits then looks for itself why.
local function is_hopeless(entry)
  if not entry or not entry.dynos[1] then return true end
  if entry.maintenance or entry.mode == "quota" then return true end
  if entry.crashed then return true end
  return (entry.mode == "asleep" or entry.mode == "napping") and not wake.ask(entry.app)
end

local function look(premature, app, gate)
  local trickled = 0
  while not premature and gate.waiting > 0 do
    local entry = routes.get(app)
    local naps = entry and entry.mode == "napping"
    -- What is frozen bears nothing, though it can be reached.
    local free = entry and not naps and room(entry)
    local go = 0
    if free then
      go = math.floor(free / inflight.workers())
      if go == 0 and ngx.now() - trickled >= TRICKLE then go, trickled = 1, ngx.now() end
    elseif is_hopeless(entry) then
      go = gate.waiting
    end
    if go > 0 then gate.semaphore:post(math.min(go, gate.waiting)) end
    -- An app that takes longer to boot than it may be idle would be put to sleep under those who wait for it.
    if entry then activity.touch(app) end
    ngx.sleep(naps and LOOK_AT_NAP or LOOK)
  end
  -- The worker is about to end.
  if gate.waiting > 0 then gate.semaphore:post(gate.waiting) end
  if gates[app] == gate then gates[app] = nil end
end

local function gate_of(app)
  local gate = gates[app]
  if gate then return gate end
  gate = { waiting = 0, semaphore = semaphore.new() }
  if not ngx.timer.at(0, look, app, gate) then return nil end
  gates[app] = gate
  return gate
end

-- Waits, `seconds` at most, until there may be a dyno, or until waiting is of no use. False: too many wait already.
function M.wait(app, seconds)
  local gate = gate_of(app)
  if not gate then
    -- A worker that is about to end makes no timers.
    ngx.sleep(LOOK)
    return true
  end
  if gate.waiting >= MOST then return false end
  gate.waiting = gate.waiting + 1
  local request = ongoing.current()
  request.held = app
  gate.semaphore:wait(seconds)
  M.finish(app)
  request.held = nil
  return true
end

-- A request of the app waits no longer: told in the log phase of those whose clients went away meanwhile.
function M.finish(app)
  local gate = gates[app]
  if gate then gate.waiting = gate.waiting - 1 end
end

return M
