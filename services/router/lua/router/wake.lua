-- Asks the control plane to start the dynos of an app that sleeps: once, however many requests and workers wait, and
-- in a timer, so that a client who goes away does not end it.
--
-- In the shared dictionary `health`: wake:APP is "asking", "asked" or "failed", and `woken:APP` says that the control
-- plane has taken it on. Each expires.

local control = require "router.control"

local M = {}

-- Seconds. While requests wait longer than AGAIN, the control plane is asked again: it may have been killed meanwhile.
-- After a failure nobody asks for a moment, so that a control plane that hangs is not asked by each request.
local ASKING, AGAIN, FAILED, TAKEN = 3, 10, 0.5, 60

local health = ngx.shared.health

local function post(app)
  local status = control.ask("POST", "/wake/" .. app)
  return status ~= nil and status >= 200 and status < 300
end

local function ask(premature, app)
  if premature then return end
  if post(app) then
    health:set("woken:" .. app, true, TAKEN)
    health:set("wake:" .. app, "asked", AGAIN)
  elseif health:get("woken:" .. app) then
    health:set("wake:" .. app, "asked", 1)
  else
    health:set("wake:" .. app, "failed", FAILED)
  end
end

-- Makes sure that the control plane was asked. Returns false when it could not be.
function M.ask(app)
  local key = "wake:" .. app
  if not health:add(key, "asking", ASKING) then return health:get(key) ~= "failed" end
  local ok, problem = ngx.timer.at(0, ask, app)
  if not ok then
    health:delete(key)
    ngx.log(ngx.ERR, "cannot wake ", app, ": ", problem)
  end
  return ok
end

-- Whether an app's dynos are being started.
function M.is_waking(app)
  local state = health:get("wake:" .. app)
  return state == "asking" or state == "asked"
end

-- What was asked is of no interest any more.
function M.forget(app)
  health:delete("wake:" .. app)
  health:delete("woken:" .. app)
end

return M
