-- When each app was last asked for something, and how often: counted in each worker, and told to all in turns.

local inflight = require "router.inflight"

local M = {}

local activity = ngx.shared.activity

-- Seconds between two tellings of an app's, and of what is left over.
local TELL, SWEEP = 0.1, 1

local counts = {}

local function tell(app, count, now)
  count.told = now
  activity:set("last:" .. app, count.last)
  activity:incr("requests:" .. app, count.requests, 0)
  count.requests = 0
end

-- A request came.
function M.note(app)
  local count = counts[app]
  if not count then
    count = { requests = 0, last = 0, told = 0 }
    counts[app] = count
  end
  local now = ngx.now()
  count.requests = count.requests + 1
  count.last = now
  if now - count.told >= TELL then tell(app, count, now) end
end

local function sweep()
  for app, count in pairs(counts) do
    if count.requests > 0 then tell(app, count, ngx.now()) end
  end
end

-- Before there are workers: until an app's first request, this is its last.
function M.init()
  activity:set("started", ngx.now())
end

function M.init_worker()
  ngx.timer.every(SWEEP, sweep)
end

-- An app that was deployed or woken is not idle, though nobody asked.
function M.touch(app)
  activity:set("last:" .. app, ngx.now())
end

function M.forget(app)
  activity:delete("last:" .. app)
  activity:delete("requests:" .. app)
end

-- { last (seconds since 1970), inflight, requests } of an entry's app.
function M.of(entry)
  local count = 0
  for _, dyno in ipairs(entry.dynos) do count = count + inflight.count(dyno.name) end
  return {
    last = activity:get("last:" .. entry.app) or activity:get "started",
    inflight = count,
    requests = activity:get("requests:" .. entry.app) or 0,
  }
end

return M
