-- The module with these requests in flight, by counter.
local function beside(counts)
  ngx.shared.health = nil
  local log = {}
  return fresh("router.beside", { ["router.inflight"] = {
    count = function(name) return counts[name] or 0 end,
    forget = function(name) log.forgotten = name end,
  } }), log
end

return {
  ["requests stay with the one container until they are moved to the other"] = function()
    local module, log = beside {}
    assert_equal(module.only "web", nil)
    assert_equal(module.allows("web", "10.0.0.7"), true)
    module.keep("web", "10.0.0.7", 60)
    assert_equal(module.only "web", "10.0.0.7")
    assert_equal(module.allows("web", "10.0.0.8"), false)
    assert_equal(module.second "web", nil)
    module.move("web", "10.0.0.8", 60)
    assert_equal(module.only "web", "10.0.0.8")
    assert_equal(module.allows("web", "10.0.0.7"), false)
    assert_equal(module.second "web", "web@10.0.0.8")
    module.forget "web"
    assert_equal(module.only "web", nil)
    assert_equal(module.second "web", nil)
    assert_equal(log.forgotten, "web@10.0.0.8")
  end,
  ["whoever said so may be killed: it is forgotten by itself"] = function()
    local module = beside {}
    module.keep("web", "10.0.0.7", 60)
    ngx.sleep(61)
    assert_equal(module.only "web", nil)
  end,
  ["one that cannot be reached is doubted only when Docker has none there"] = function()
    local module = beside {}
    assert_equal(module.doubt("web", { "10.0.0.9" }), false)
    module.keep("web", "10.0.0.7", 60)
    assert_equal(module.doubt("web", nil), false)
    assert_equal(module.doubt("web", {}), false)
    assert_equal(module.doubt("web", { "10.0.0.9", "10.0.0.7" }), false)
    assert_equal(module.doubt("web", { "10.0.0.9" }), true)
    assert_equal(module.only "web", nil)
  end,
  ["the old container has what the dyno has more than the new one"] = function()
    local counts = { web = 3, ["web@10.0.0.8"] = 2 }
    local module = beside(counts)
    module.move("web", "10.0.0.8", 60)
    local started, sleep = ngx.now(), ngx.sleep
    ngx.sleep = function(seconds)
      sleep(seconds)
      if ngx.now() - started > 2 then counts.web = 2 end
    end
    assert_equal(module.drain("web", 30), 0)
    assert_equal(ngx.now() - started > 2 and ngx.now() - started < 2.2, true)
    ngx.sleep, counts.web = sleep, 5
    started = ngx.now()
    assert_equal(module.drain("web", 4), 3)
    assert_equal(ngx.now() - started < 4.1, true)
  end,
  ["a request that leaves between two readings ends no drain"] = function()
    local readings = { 0, 1, 0, 0, 0 }
    local at = 0
    local module = beside(setmetatable({ ["web@10.0.0.8"] = 0 }, { __index = function()
      at = at + 1
      return readings[math.min(at, #readings)]
    end }))
    module.move("web", "10.0.0.8", 60)
    assert_equal(module.drain("web", 30), 0)
    assert_equal(at, 5)
  end,
  ["there is nothing to drain when requests went back"] = function()
    local module = beside { web = 1 }
    module.keep("web", "10.0.0.7", 60)
    assert_equal(module.drain("web", 30), 0)
  end,
}
