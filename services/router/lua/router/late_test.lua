-- The module with a control plane that knows these addresses; what it was asked is counted.
local function late(addresses)
  ngx.shared.health = nil
  local log = { asked = 0, addresses = addresses }
  local control = { ask = function(method, path)
    log.asked = log.asked + 1
    log.path = method .. " " .. path
    local address = addresses[path:match "^/dynos/(.*)/address$"]
    if address then return 200, address end
    return 404, "{}"
  end }
  return fresh("router.late", { ["router.control"] = control }), log
end

return {
  ["a name that is missing for a moment is not asked about"] = function()
    local module, log = late { web = "10.0.0.9" }
    assert_equal(module.address "web", nil)
    ngx.sleep(0.9)
    assert_equal(module.address "web", nil)
    module.found "web"
    ngx.sleep(0.9)
    assert_equal(module.address "web", nil, "it was there meanwhile")
    assert_equal(log.asked, 0)
  end,
  ["one that is late is where the control plane says, which is asked once a second"] = function()
    local module, log = late { web = "10.0.0.9" }
    module.address "web"
    ngx.sleep(1)
    for _ = 1, 100 do assert_equal(module.address "web", "10.0.0.9") end
    assert_equal(log.path, "GET /dynos/web/address")
    assert_equal(log.asked, 1)
    ngx.sleep(1)
    log.addresses.web = nil
    assert_equal(module.address "web", nil, "it has ended")
    assert_equal(module.address "web", nil)
    assert_equal(log.asked, 2)
  end,
  ["what is no address, and a control plane that is away, are none"] = function()
    local module = late { web = "nonsense" }
    module.address "web"
    ngx.sleep(1)
    assert_equal(module.address "web", nil)
    local away = fresh("router.late", { ["router.control"] = { ask = function() end } })
    away.address "worker"
    ngx.sleep(1)
    assert_equal(away.address "worker", nil)
  end,
}
