local function activity(counts)
  return fresh("router.activity", { ["router.inflight"] = { count = function(name) return counts[name] or 0 end } })
end

local hello = { app = "hello", dynos = { { name = "a" }, { name = "b" } } }

return {
  ["requests and the last of them are told, at the latest by the sweep"] = function()
    local module = activity { a = 2, b = 1 }
    local sweep
    ngx.timer.every = function(_, run) sweep = run end
    module.init()
    module.init_worker()
    local started = ngx.now()
    ngx.sleep(5)
    assert_equal(module.of(hello).last, started)
    assert_equal(module.of(hello).inflight, 3)
    module.note "hello"
    ngx.sleep(0.01)
    module.note "hello"
    module.note "other"
    assert_equal(module.of(hello).requests, 1)
    sweep()
    assert_equal(module.of(hello).requests, 2)
    assert_equal(module.of(hello).last, ngx.now())
    ngx.sleep(1)
    module.note "hello"
    assert_equal(module.of(hello).requests, 3)
  end,
  ["a deployment counts as one, a removal forgets"] = function()
    local module = activity {}
    module.init()
    ngx.sleep(5)
    module.touch "hello"
    assert_equal(module.of(hello).last, ngx.now())
    module.forget "hello"
    assert_equal(module.of(hello).last, ngx.now() - 5)
  end,
}
