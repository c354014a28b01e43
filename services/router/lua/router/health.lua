-- Dynos that could not be reached. Requests pass them by, or wait when there is no other, until a prober
-- (one a dyno, whichever worker) got an answer from them.

local dns = require "router.dns"
local probe = require "router.probe"
local routes = require "router.table"

local M = {}

local health = ngx.shared.health

-- Seconds: a prober whose worker died is replaced after this; an answer may take no longer.
local PROBER_LOST = 10
local ANSWER = 5
local SHORTEST, LONGEST, SHARE = 0.005, 1, 0.02

function M.is_usable(name)
  return not health:get("down:" .. name)
end

local function still_routed(app, name)
  local entry = routes.get(app)
  for _, dyno in ipairs(entry and entry.dynos or {}) do
    if dyno.name == name then return entry end
  end
end

local function watch(premature, app, dyno)
  local started = ngx.now()
  while not premature and not ngx.worker.exiting() do
    local entry = still_routed(app, dyno.name)
    -- Any answer will do: the dyno has proven itself before, and what it says is the app's affair.
    if not entry or probe.once(dyno, entry.check, entry.hosts[1] or app, ANSWER) then
      health:delete("down:" .. dyno.name)
      break
    end
    health:set("prober:" .. dyno.name, true, PROBER_LOST)
    ngx.sleep(math.min(math.max((ngx.now() - started) * SHARE, SHORTEST), LONGEST))
  end
  health:delete("prober:" .. dyno.name)
end

-- Makes sure that somebody asks for a dyno that is down.
function M.watch(entry, dyno)
  if not health:add("prober:" .. dyno.name, true, PROBER_LOST) then return end
  local ok, problem = ngx.timer.at(0, watch, entry.app, dyno)
  if not ok then
    health:delete("prober:" .. dyno.name)
    ngx.log(ngx.ERR, "cannot probe ", dyno.name, ": ", problem)
  end
end

-- A dyno could not be reached.
function M.mark_down(entry, dyno)
  dns.forget(dyno.name)
  health:set("down:" .. dyno.name, true)
  M.watch(entry, dyno)
end

return M
