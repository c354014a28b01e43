-- Which dynos may be given requests. One that could not be reached, or was stopped, is passed by until a prober (one
-- a dyno, whichever worker) got an answer from it.
--
-- In the shared dictionary `health`, by the dyno's name:
--   down    takes no requests; only an answer ends that
--   out     the control plane restarts it: not asked before that has ended, or was forgotten
--   left    the address it had when it was stopped: who answers there is on the way out
--   proven  the address it had when it answered: at another one it is a container that nobody has asked yet
--   prober  somebody asks
--   why     what was wrong at the last probe

local beside = require "router.beside"
local dns = require "router.dns"
local probe = require "router.probe"
local routes = require "router.table"
local wake = require "router.wake"

local M = {}

local health = ngx.shared.health

-- Seconds: a prober whose worker died is replaced after this; an answer may take no longer.
local PROBER_LOST = 10
local ANSWER = 5
local SHORTEST, LONGEST, SHARE = 0.005, 1, 0.01
-- Seconds: a dyno that was taken out and forgotten comes back; a stopped one's name is gone by then.
local OUT, GOING = 90, 5
local LOOK_OUT = 0.02

function M.is_usable(name)
  return not health:get("down:" .. name)
end

local function find(entry, name)
  for _, dyno in ipairs(entry and entry.dynos or {}) do
    if dyno.name == name then return dyno end
  end
end

-- Nobody starts or thaws the dynos of an app that sleeps or naps, unless it is being woken.
local function is_stopped(entry)
  return entry.mode ~= "awake" and not wake.is_waking(entry.app)
end

-- Whether the name still leads to where the dyno was when it was stopped; for a moment it may lead elsewhere too.
local function is_leaving(name)
  local left = health:get("left:" .. name)
  if not left then return false end
  local _, problem, all = dns.resolve(name)
  if problem == "failed" then return true end
  for _, address in ipairs(all or {}) do
    if address == left then return true end
  end
  health:delete("left:" .. name)
  return false
end

-- Waits until a dyno that was stopped a moment ago is gone.
function M.await_end(name)
  while is_leaving(name) do ngx.sleep(SHORTEST) end
end

-- Forgets what was known of a dyno: nobody routes to it any more.
function M.forget(name)
  for _, what in ipairs { "down:", "out:", "left:", "why:", "proven:" } do health:delete(what .. name) end
  routes.touch()
end

-- A dyno answered, and gets requests. Does not wait for anything, as what was looked at before must still be so.
function M.prove(name)
  local address = dns.last(name)
  M.forget(name)
  if address then health:set("proven:" .. name, address) end
end

-- Requests go to one of a dyno's containers alone, which answers: the one that serves, or in its place the new one.
-- @param tell router.beside's keep or move
function M.settle_at(name, address, tell, seconds)
  tell(name, address, seconds)
  M.forget(name)
  health:set("proven:" .. name, address)
end

-- Whether the name leads to another container than the one that answered.
local function is_another(name)
  local address, problem = dns.resolve(name)
  return problem ~= "failed" and address ~= health:get("proven:" .. name)
end

local function watch(premature, app, name)
  local started = ngx.now()
  while not premature and not ngx.worker.exiting() do
    local entry = routes.get(app)
    local dyno = find(entry, name)
    if not dyno then
      M.forget(name)
      break
    end
    if is_stopped(entry) then break end
    if health:get("out:" .. name) then
      started = ngx.now() + LOOK_OUT
      ngx.sleep(LOOK_OUT)
    elseif not is_leaving(name) then
      -- Any answer will do: the dyno has proven itself before, and what it says is the app's affair.
      local answered, problem = probe.once(dyno, entry.check, entry.hosts[1] or app, ANSWER)
      if answered then
        -- Unless it was stopped while it answered.
        if health:get("out:" .. name) or is_stopped(routes.get(app) or entry) then break end
        M.prove(name)
        routes.set_crashed(app, false)
        break
      end
      health:set("why:" .. name, problem, PROBER_LOST)
      if beside.only(name) then
        local _, _, all = dns.resolve(name)
        beside.doubt(name, all)
      end
    end
    health:set("prober:" .. name, true, PROBER_LOST)
    ngx.sleep(math.min(math.max((ngx.now() - started) * SHARE, SHORTEST), LONGEST))
  end
  health:delete("prober:" .. name)
end

-- Makes sure that somebody asks for a dyno that is down.
function M.watch(entry, dyno)
  if is_stopped(entry) or not health:add("prober:" .. dyno.name, true, PROBER_LOST) then return end
  local ok, problem = ngx.timer.at(0, watch, entry.app, dyno.name)
  if not ok then
    health:delete("prober:" .. dyno.name)
    ngx.log(ngx.ERR, "cannot probe ", dyno.name, ": ", problem)
  end
end

-- No request is given to a dyno any more: it is about to be stopped.
function M.stop(name)
  health:set("down:" .. name, true)
  routes.touch()
end

-- A dyno could not be reached.
function M.mark_down(entry, dyno)
  dns.forget(dyno.name)
  M.stop(dyno.name)
  M.watch(entry, dyno)
end

-- The same for one that comes back, within OUT seconds or when the control plane says so.
function M.take_out(name)
  health:set("out:" .. name, true, OUT)
  M.stop(name)
end

-- A dyno's requests have ended, and it will be stopped now. Who answers at its address until its name was gone, is it.
function M.leave(name)
  local address = dns.resolve(name)
  if address then health:set("left:" .. name, address, health:get("out:" .. name) and OUT or GOING) end
end

-- A dyno that was taken out may come back, or was started again without anybody noticing: waits until it answers. Nil;
-- or why not after `seconds`, a reason of probe.once or "overtaken".
function M.put_in(entry, dyno, seconds)
  local name, deadline = dyno.name, ngx.now() + seconds
  local left = health:get("left:" .. name)
  if left then health:set("left:" .. name, left, GOING) end
  health:delete("out:" .. name)
  if M.is_usable(name) and is_another(name) then M.mark_down(entry, dyno) end
  while not M.is_usable(name) do
    local now = routes.get(entry.app)
    if not now or not find(now, name) then return "overtaken" end
    if is_stopped(now) then return nil end
    if ngx.now() > deadline then return health:get("why:" .. name) or "no_name" end
    M.watch(now, dyno)
    ngx.sleep(SHORTEST)
  end
end

-- A prober whose worker was killed leaves its dyno down, and when others serve, no request notices.
local function sweep(premature)
  if premature then return end
  routes.each(function(entry)
    for _, dyno in ipairs(entry.dynos) do
      if not M.is_usable(dyno.name) then M.watch(entry, dyno) end
    end
  end)
end

-- One worker does it.
function M.init_worker()
  if ngx.worker.id() == 0 then ngx.timer.every(PROBER_LOST, sweep) end
end

-- Before there are workers: the dynos of apps that sleep are stopped.
function M.load()
  routes.each(function(entry)
    if entry.mode ~= "asleep" and entry.mode ~= "quota" then return end
    for _, dyno in ipairs(entry.dynos) do M.stop(dyno.name) end
  end)
end

return M
