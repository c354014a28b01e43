-- Requests that wait for a dyno. They go on one by one, because a few hundred at once would overflow the
-- listen queue of the dyno that has just come back.

local health = require "router.health"

local M = {}

-- Requests that may wait, an app and worker.
local MOST = 500
-- Seconds between looks, and between two requests that go on to the same app.
local LOOK, APART = 0.01, 0.002

local waiting = {}
local next_at = {}

-- Waits a moment for one of the entry's dynos. False: too many wait already.
function M.wait(entry)
  local app, ctx = entry.app, ngx.ctx
  if not ctx.held then
    if (waiting[app] or 0) >= MOST then return false end
    waiting[app] = (waiting[app] or 0) + 1
    ctx.held = app
  end
  for _, dyno in ipairs(entry.dynos) do health.watch(entry, dyno) end
  ngx.sleep(LOOK)
  return true
end

-- The request waits no longer. Called in the log phase too, for clients that went away while they waited.
function M.finish()
  local app = ngx.ctx.held
  if not app then return end
  ngx.ctx.held = nil
  waiting[app] = waiting[app] > 1 and waiting[app] - 1 or nil
end

-- Keeps the distance between requests that have waited.
function M.pace(app)
  local now = ngx.now()
  local at = math.max(next_at[app] or 0, now)
  next_at[app] = at + APART
  if at > now then
    ngx.sleep(at - now)
  elseif not waiting[app] then
    next_at[app] = nil
  end
end

return M
