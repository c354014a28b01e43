-- The dynos that a change of an entry leaves out. Whether they serve decides whether those in their place may answer
-- 500 or more: a change may not make it worse, and need not make it perfect.

local limits = require "router.limits"
local probe = require "router.probe"

local M = {}

-- One bad answer may be bad luck: so many are wanted, a moment (seconds) apart.
local BAD, PAUSE = 3, 0.25

-- Whether one of the dynos answers below 500.
-- @param check { type, path }
-- @param seconds how long those that cannot be reached are waited for: they may be on their way back
function M.serve(dynos, check, host, seconds)
  local started, bad = ngx.now(), 0
  while true do
    for _, dyno in ipairs(dynos) do
      -- A client would be told after this time that the app gave no answer.
      local answered, detail = probe.once(dyno, check, host, limits.first_byte)
      if answered and detail < 500 then return true end
      if answered or detail == "no_answer" then bad = bad + 1 end
    end
    ngx.update_time()
    local waited = ngx.now() - started
    if bad >= BAD or waited >= seconds and bad == 0 or waited >= seconds + limits.first_byte then return false end
    ngx.sleep(PAUSE)
  end
end

return M
