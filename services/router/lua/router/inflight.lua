-- Requests in flight for each dyno. One counter a worker, because a worker that is killed cannot count its
-- requests out: its counters go with it.

local ffi = require "ffi"

local M = {}

pcall(ffi.cdef, "int kill(int pid, int signal);")

local counts = ngx.shared.inflight
local own_suffix
local workers = {}
local workers_version = -1

local function alive(pid)
  return ffi.C.kill(pid, 0) == 0
end

local function read_workers()
  local version = counts:get "version" or 0
  if version == workers_version then return workers end
  workers, workers_version = {}, version
  for pid in (counts:get "workers" or ""):gmatch "%d+" do workers[#workers + 1] = "/" .. pid end
  return workers
end

-- Enters this worker and drops the counters of those that are gone.
function M.init_worker(pid)
  own_suffix = "/" .. pid
  -- Workers start together: without the lock one would write over the other.
  local tries = 0
  while not counts:add("lock", true, 1) and tries < 1e6 do tries = tries + 1 end
  local living = { tostring(pid) }
  for other in (counts:get "workers" or ""):gmatch "%d+" do
    if tonumber(other) ~= pid and alive(tonumber(other)) then living[#living + 1] = other end
  end
  local keep = {}
  for _, other in ipairs(living) do keep[other] = true end
  for _, key in ipairs(counts:get_keys(0)) do
    local owner = key:match "/(%d+)$"
    if owner and (not keep[owner] or owner == tostring(pid)) then counts:delete(key) end
  end
  counts:set("workers", table.concat(living, " "))
  counts:incr("version", 1, 0)
  counts:delete "lock"
end

function M.enter(dyno)
  counts:incr(dyno .. own_suffix, 1, 0)
end

function M.leave(dyno)
  counts:incr(dyno .. own_suffix, -1, 0)
end

-- Requests that a dyno has in flight, in all workers.
function M.count(dyno)
  local sum = 0
  for _, suffix in ipairs(read_workers()) do sum = sum + (counts:get(dyno .. suffix) or 0) end
  return sum
end

-- How many workers there are.
function M.workers()
  return math.max(#read_workers(), 1)
end

-- Forgets a dyno that no entry names any more.
function M.forget(dyno)
  for _, suffix in ipairs(read_workers()) do
    if (counts:get(dyno .. suffix) or 0) <= 0 then counts:delete(dyno .. suffix) end
  end
end

return M
