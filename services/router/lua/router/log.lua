-- Keeps the request log short, whoever reads it: at 8 MB it is renamed, and nginx opens a new one. What comes between
-- is written to the renamed file, so that a reader ends with that before it goes on.

local ffi = require "ffi"

local M = {}

local MOST = 8 * 1024 * 1024
local SECONDS = 1
local SIGUSR1 = 10

pcall(ffi.cdef, "int getppid(void);")
pcall(ffi.cdef, "int kill(int pid, int signal);")

local path = "/run/router/log/requests"

-- The parent of the workers opens its files anew.
local function tell()
  ffi.C.kill(ffi.C.getppid(), SIGUSR1)
end

-- For tests.
function M.use(other_path, other_tell)
  path, tell = other_path, other_tell
end

-- Bytes; nil when there is no file.
local function size()
  local file = io.open(path, "r")
  if not file then return nil end
  local bytes = file:seek "end"
  file:close()
  return bytes
end

function M.rotate()
  local bytes = size()
  if bytes and bytes < MOST then return end
  -- Without a file: nginx was not told the last time.
  if bytes then os.rename(path, path .. ".1") end
  tell()
end

-- One worker does it.
function M.init_worker()
  if ngx.worker.id() == 0 then ngx.timer.every(SECONDS, function() M.rotate() end) end
end

return M
