-- Runs `change` while no other worker changes what a shared dictionary holds. A worker killed in it frees the lock by its
-- expiry. What `change` throws is thrown.

local LOCK_SECONDS = 5

return function(dictionary, change)
  while not dictionary:add("lock", true, LOCK_SECONDS) do ngx.sleep(0.001) end
  local ok, result, more = pcall(change)
  dictionary:delete "lock"
  if not ok then error(result, 0) end
  return result, more
end
