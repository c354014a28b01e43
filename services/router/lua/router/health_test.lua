local dyno = { name = "web", port = 5000 }

local function entry(mode)
  return {
    app = "hello", mode = mode or "awake", hosts = { "hello.localhost" }, dynos = { dyno },
    check = { type = "http", path = "/", timeout = 5 },
  }
end

-- The module with timers that are run by hand, a table of one entry, and a dyno that answers at the n-th probe.
-- `log.entry`, `log.address` and `log.waking` may be changed.
local function health(current, answers_at)
  ngx.shared.health = nil
  local log = { probes = 0, timers = {}, entry = current, address = "10.0.0.1" }
  ngx.timer.at = function(_, run, ...)
    local arguments = { ... }
    log.timers[#log.timers + 1] = function() run(false, unpack(arguments)) end
    return true
  end
  local module = fresh("router.health", {
    ["router.dns"] = {
      forget = function(name) log.forgotten = name end,
      resolve = function() return log.address, log.problem, log.all or { log.address } end,
      last = function() return log.address end,
    },
    ["router.beside"] = {
      only = function() return log.only end,
      doubt = function(_, all) log.doubted = table.concat(all, " ") end,
    },
    ["router.probe"] = { once = function()
      log.probes = log.probes + 1
      if log.probes >= answers_at then return true, 500 end
      return nil, "refused"
    end },
    ["router.table"] = {
      get = function() return log.entry end,
      each = function(visit) if log.entry then visit(log.entry) end end,
      touch = function() log.touched = (log.touched or 0) + 1 end,
      set_crashed = function(_, crashed) log.crashed = crashed end,
    },
    ["router.wake"] = { is_waking = function() return log.waking end },
  })
  -- What happens at times while somebody sleeps.
  ngx.plain_sleep = ngx.plain_sleep or ngx.sleep
  ngx.sleep = function(seconds)
    ngx.plain_sleep(seconds)
    if log.meanwhile then log.meanwhile() end
  end
  return module, log
end

return {
  ["a dyno that is down is probed, by one, until it answers anything"] = function()
    local module, log = health(entry(), 3)
    assert_equal(module.is_usable "web", true)
    module.mark_down(log.entry, dyno)
    module.mark_down(log.entry, dyno)
    assert_equal(module.is_usable "web", false)
    assert_equal(log.forgotten, "web")
    assert_equal(log.touched, 2, "who was counted in meanwhile looks again")
    assert_equal(#log.timers, 1)
    log.timers[1]()
    assert_equal(log.probes, 3)
    assert_equal(module.is_usable "web", true)
    assert_equal(log.crashed, false)
    module.mark_down(log.entry, dyno)
    assert_equal(#log.timers, 2)
  end,
  ["one that cannot be reached where it is said to be is doubted"] = function()
    local module, log = health(entry(), 2)
    log.only, log.all = "10.0.0.1", { "10.0.0.2" }
    module.mark_down(log.entry, dyno)
    log.timers[1]()
    assert_equal(log.doubted, "10.0.0.2")
  end,
  ["requests go to a container that serves, whatever was known before"] = function()
    local module, log = health(entry(), 99)
    module.mark_down(log.entry, dyno)
    module.settle_at("web", "10.0.0.8", function(...) log.told = table.concat({ ... }, " ") end, 60)
    assert_equal(log.told, "web 10.0.0.8 60")
    assert_equal(module.is_usable "web", true)
    assert_equal(ngx.shared.health:get "proven:web", "10.0.0.8")
  end,
  ["one that is no longer routed to is left alone"] = function()
    local module, log = health(nil, 1)
    module.mark_down(entry(), dyno)
    log.timers[1]()
    assert_equal(log.probes, 0)
    assert_equal(module.is_usable "web", true)
  end,
  ["the dynos of an app that sleeps are down, and asked for only while it is being woken"] = function()
    local module, log = health(entry "asleep", 1)
    module.load()
    assert_equal(module.is_usable "web", false)
    module.watch(log.entry, dyno)
    assert_equal(#log.timers, 0)
    log.waking = true
    module.watch(log.entry, dyno)
    log.timers[1]()
    assert_equal(module.is_usable "web", true)
  end,
  ["nobody asks for a dyno of an app that naps, which would answer nobody"] = function()
    local module, log = health(entry "napping", 1)
    module.mark_down(log.entry, dyno)
    assert_equal(#log.timers, 0)
    log.waking = true
    module.watch(log.entry, dyno)
    assert_equal(#log.timers, 1)
  end,
  ["one that fell asleep again while it was asked stays down"] = function()
    local module, log = health(entry(), 99)
    module.mark_down(log.entry, dyno)
    log.meanwhile = function() log.entry = entry "asleep" end
    log.timers[1]()
    assert_equal(log.probes, 1)
    assert_equal(module.is_usable "web", false)
  end,
  ["a stopped one's address is not believed before its name was gone, or it has another"] = function()
    for _, change in ipairs { { address = nil, problem = "gone" }, { address = "10.0.0.2" } } do
      local module, log = health(entry(), 1)
      module.stop "web"
      module.leave "web"
      module.watch(log.entry, dyno)
      local looks = 0
      log.meanwhile = function()
        looks = looks + 1
        assert_equal(log.probes, 0)
        -- Where it is going to be stands beside where it was at first, in any order.
        if looks == 5 and change.address then log.address, log.all = change.address, { change.address, "10.0.0.1" } end
        if looks == 10 then log.address, log.problem, log.all = change.address, change.problem, nil end
      end
      log.timers[1]()
      assert_equal(looks, 10)
      assert_equal(log.probes, 1)
    end
  end,
  ["a name that stays is believed in the end"] = function()
    local module, log = health(entry(), 1)
    local started = ngx.now()
    module.leave "web"
    module.await_end "web"
    assert_equal(ngx.now() - started >= 5 and ngx.now() - started < 5.1, true)
    log.problem = "failed"
  end,
  ["taken out: not asked until it is put in, which waits for its answer"] = function()
    local module, log = health(entry(), 1)
    module.take_out "web"
    module.leave "web"
    module.watch(log.entry, dyno)
    local prober = coroutine.create(log.timers[1])
    local plain = ngx.sleep
    ngx.sleep = function(seconds)
      if coroutine.running() == prober then coroutine.yield() else plain(seconds) coroutine.resume(prober) end
    end
    for _ = 1, 20 do coroutine.resume(prober) end
    assert_equal(log.probes, 0)
    log.address = "10.0.0.2"
    assert_equal(module.put_in(log.entry, dyno, 5), nil)
    assert_equal(log.probes, 1)
    assert_equal(module.is_usable "web", true)
  end,
  ["taken out and forgotten: asked again after 90 s"] = function()
    local module, log = health(entry(), 1)
    local started = ngx.now()
    module.take_out "web"
    module.watch(log.entry, dyno)
    log.timers[1]()
    assert_equal(ngx.now() - started >= 90 and ngx.now() - started < 92, true)
    assert_equal(module.is_usable "web", true)
  end,
  ["put in at another address than the one that answered: down until it answers there"] = function()
    local module, log = health(entry(), 1)
    module.prove "web"
    assert_equal(module.put_in(log.entry, dyno, 5), nil)
    assert_equal(#log.timers, 0)
    log.address = "10.0.0.2"
    local usable
    log.meanwhile = function()
      if log.probes == 0 then
        usable = module.is_usable "web"
        log.timers[1]()
      end
    end
    assert_equal(module.put_in(log.entry, dyno, 5), nil)
    assert_equal(usable, false)
    assert_equal(log.probes, 1)
    assert_equal(module.put_in(log.entry, dyno, 5), nil)
    log.address, log.problem = nil, "failed"
    assert_equal(module.put_in(log.entry, dyno, 5), nil)
    assert_equal(log.probes, 1)
  end,
  ["put in: what went wrong"] = function()
    local module, log = health(entry(), 99)
    module.take_out "web"
    assert_equal(module.put_in(log.entry, dyno, 2), "no_name")
    log.entry = { app = "hello", mode = "awake", dynos = {} }
    assert_equal(module.put_in(entry(), dyno, 2), "overtaken")
  end,
}
