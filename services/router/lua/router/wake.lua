-- Asks the control plane to start the dynos of an app that sleeps: once, however many requests and workers wait, and
-- in a timer, so that a client who goes away does not end it.
--
-- In the shared dictionary `health`: wake:APP is "asking", "asked" or "failed", and `woken:APP` says that the control
-- plane has taken it on. Each expires.

local M = {}

local SOCKET = "unix:/run/router/control.sock"
-- Milliseconds until the control plane must have answered.
local ANSWER_MS = 1000

-- Seconds. While requests wait longer than AGAIN, the control plane is asked again: it may have been killed meanwhile.
-- After a failure nobody asks for a moment, so that a control plane that hangs is not asked by each request.
local ASKING, AGAIN, FAILED, TAKEN = 3, 10, 0.5, 60

local health = ngx.shared.health

-- True for an answer of 2xx.
local function post(app)
  local socket = ngx.socket.tcp()
  socket:settimeouts(ANSWER_MS, ANSWER_MS, ANSWER_MS)
  if not socket:connect(SOCKET) then return false end
  socket:send("POST /wake/" .. app .. " HTTP/1.1\r\nHost: control\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
  local line = socket:receive "*l"
  socket:close()
  return line ~= nil and line:match "^HTTP/1%.[01] 2" ~= nil
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
