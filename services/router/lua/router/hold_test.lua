local watched

local function hold()
  watched = 0
  local health = { watch = function() watched = watched + 1 end }
  return fresh("router.hold", { ["router.health"] = health })
end

local entry = { app = "hello", dynos = { { name = "a" }, { name = "b" } } }

return {
  ["a request that waits has its dynos asked for"] = function()
    local module = hold()
    assert_equal(module.wait(entry), true)
    assert_equal(watched, 2)
  end,
  ["only so many wait; who leaves makes room"] = function()
    local module = hold()
    local contexts = {}
    for i = 1, 500 do
      ngx.ctx = {}
      contexts[i] = ngx.ctx
      assert_equal(module.wait(entry), true)
      assert_equal(module.wait(entry), true, "the same request again")
    end
    ngx.ctx = {}
    assert_equal(module.wait(entry), false)
    assert_equal(module.wait({ app = "other", dynos = {} }), true)
    ngx.ctx = contexts[1]
    module.finish()
    module.finish()
    ngx.ctx = {}
    assert_equal(module.wait(entry), true)
    ngx.ctx = {}
    assert_equal(module.wait(entry), false)
  end,
  ["requests that have waited go on one after another"] = function()
    local module = hold()
    local started = ngx.now()
    for _ = 1, 11 do
      module.wait({ app = "hello", dynos = {} })
      ngx.ctx = {}
    end
    local waited = ngx.now()
    for _ = 1, 11 do module.pace "hello" end
    assert_equal(waited > started, true)
    assert_equal(math.floor((ngx.now() - waited) * 1000 + 0.5), 20, "ms for 11")
  end,
}
