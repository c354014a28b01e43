-- The requests that this worker has, by nginx's address of each. What is kept of one outlives an error_page, unlike
-- ngx.ctx, and costs less than nginx's variables.
--
-- request: { dyno (the service that it is counted in for; false: none), address and port of that,
--            held (the app that it waits for), attempts (how many dynos could not be reached), resent, streamed,
--            long (its body takes more than one write), since, progress and ended (of router.deadline),
--            second (of router.early), beside (the counter of router.beside that it is in, too) }

local ffi = require "ffi"
local base = require "resty.core.base"

local M = { all = {} }

-- nginx' address of the current request.
local function key()
  return tonumber(ffi.cast("uintptr_t", base.get_request()))
end
M.key = key

-- The current request.
function M.current()
  local at = key()
  local request = M.all[at]
  if not request then
    -- What nearly all need; the rest is added to those that do.
    request = { dyno = false, address = false, port = false, since = false }
    M.all[at] = request
  end
  return request
end

-- The current request is over. Nil when nothing was kept of it.
function M.finish()
  local at = key()
  local request = M.all[at]
  M.all[at] = nil
  return request
end

return M
