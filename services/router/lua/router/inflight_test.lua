local ffi = require "ffi"
ffi.cdef "int getpid(void);"

-- Two processes that live, and one that does not: process ids end at 2^22.
local SELF, DEAD = ffi.C.getpid(), 99999999
local OTHER = tonumber(io.popen("sleep 10 > /dev/null & echo $!"):read "*l")

return {
  ["requests are counted in and out, for each dyno"] = function()
    local inflight = fresh "router.inflight"
    inflight.init_worker(SELF)
    inflight.enter "a"
    inflight.enter "a"
    inflight.enter "b"
    inflight.leave "a"
    assert_equal(inflight.count "a", 1)
    assert_equal(inflight.count "b", 1)
    assert_equal(inflight.count "c", 0)
  end,
  ["a dead worker's requests are gone when another enters, a living one's are not"] = function()
    local inflight = fresh "router.inflight"
    ngx.shared.inflight:set("workers", DEAD .. " " .. OTHER)
    ngx.shared.inflight:set("a/" .. DEAD, 5)
    ngx.shared.inflight:set("a/" .. OTHER, 2)
    inflight.init_worker(SELF)
    inflight.enter "a"
    assert_equal(inflight.count "a", 3)
  end,
  ["a worker that comes later counts at once"] = function()
    local inflight = fresh "router.inflight"
    inflight.init_worker(SELF)
    assert_equal(inflight.count "a", 0)
    fresh("router.inflight").init_worker(OTHER)
    ngx.shared.inflight:incr("a/" .. OTHER, 1, 0)
    assert_equal(inflight.count "a", 1)
  end,
}
