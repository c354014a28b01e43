local dyno = { name = "web", port = 5000 }
local entry = { app = "hello", hosts = { "hello.localhost" }, dynos = { dyno }, check = { type = "http", path = "/" } }

-- The module with timers that are run by hand, a table of this entry, and a dyno that answers at the n-th probe.
local function health(current, answers_at)
  local log = { probes = 0, timers = {} }
  ngx.timer.at = function(_, run, ...)
    local arguments = { ... }
    log.timers[#log.timers + 1] = function() run(false, unpack(arguments)) end
    return true
  end
  local module = fresh("router.health", {
    ["router.dns"] = { forget = function(name) log.forgotten = name end },
    ["router.probe"] = { once = function()
      log.probes = log.probes + 1
      return log.probes >= answers_at, 500
    end },
    ["router.table"] = { get = function() return current end },
  })
  return module, log
end

return {
  ["a dyno that is down is probed, by one, until it answers anything"] = function()
    local module, log = health(entry, 3)
    assert_equal(module.is_usable "web", true)
    module.mark_down(entry, dyno)
    module.mark_down(entry, dyno)
    assert_equal(module.is_usable "web", false)
    assert_equal(log.forgotten, "web")
    assert_equal(#log.timers, 1)
    log.timers[1]()
    assert_equal(log.probes, 3)
    assert_equal(module.is_usable "web", true)
    module.mark_down(entry, dyno)
    assert_equal(#log.timers, 2)
  end,
  ["one that is no longer routed to is left alone"] = function()
    local module, log = health(nil, 1)
    module.mark_down(entry, dyno)
    log.timers[1]()
    assert_equal(log.probes, 0)
    assert_equal(module.is_usable "web", true)
  end,
}
