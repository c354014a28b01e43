-- The control plane, asked on its Unix socket.

local M = {}

local SOCKET = "unix:/run/router/control.sock"
-- Milliseconds until it must have answered.
local ANSWER_MS = 1000

-- The status of its answer, and the body; nil when there is none in time. HTTP/1.0, so that no body comes in chunks.
function M.ask(method, path)
  local socket = ngx.socket.tcp()
  socket:settimeouts(ANSWER_MS, ANSWER_MS, ANSWER_MS)
  if not socket:connect(SOCKET) then return nil end
  socket:send(method .. " " .. path .. " HTTP/1.0\r\nHost: control\r\nContent-Length: 0\r\n\r\n")
  local answer = socket:receive "*a"
  socket:close()
  local status, body = (answer or ""):match "^HTTP/1%.[01] (%d%d%d).-\r\n\r\n(.*)$"
  return tonumber(status), body
end

return M
