local function asked(values)
  local var = {
    host = "api.a.test", http_host = "api.a.test:8443", uri = "/apps", request_method = "GET", forwarded_proto = "https",
    server_protocol = "HTTP/1.1",
  }
  for key, value in pairs(values or {}) do var[key] = value end
  return var
end

-- The module on a platform that is public or not; what it sent a request on to, or answered.
local function platform(public, var)
  local getenv, went, status = os.getenv, nil, nil
  os.getenv = function(name)
    return ({ DYNOFORM_DASHBOARD = "dashboard.a.test", DYNOFORM_PUBLIC = public and "a.test" or nil })[name]
  end
  ngx.header, ngx.OK = {}, 0
  ngx.print = function() end
  ngx.exec = function(location) went = location end
  ngx.exit = function() status = ngx.status end
  local redirect = {
    dashboard = function() end, platform_hsts = function() end,
    is_secure = function(of) return of.forwarded_proto == "https" end,
  }
  local module = fresh("router.platform", { ["router.redirect"] = redirect, ["router.page"] = {} })
  os.getenv = getenv
  if var then
    local part = module.parts[var.host]
    if part then module.access(part, var) end
  end
  return went or status, module
end

local TUNNEL = { uri = "/connect", http_upgrade = "dynoform-tunnel" }

local function with(more)
  local values = {}
  for _, each in ipairs { TUNNEL, more } do
    for key, value in pairs(each) do values[key] = value end
  end
  return asked(values)
end

return {
  ["only the dashboard has a name on a platform that is not public, and nothing of it changes"] = function()
    assert_equal(platform(false, asked()), nil)
    assert_equal(platform(false, asked { host = "git.a.test", http_host = "git.a.test" }), nil)
    local dashboard = { host = "dashboard.a.test", http_host = "dashboard.a.test", forwarded_proto = "http" }
    assert_equal(platform(false, asked(dashboard)), "@dashboard")
  end,
  ["a public one has three, over HTTPS"] = function()
    assert_equal(platform(true, asked()), "@api")
    assert_equal(platform(true, asked { host = "git.a.test", http_host = "git.a.test" }), "@api")
    assert_equal(platform(true, asked { host = "dashboard.a.test", http_host = "dashboard.a.test" }), "@dashboard")
    assert_equal(platform(true, asked { host = "shop.a.test", http_host = "shop.a.test" }), nil)
    for _, host in ipairs { "api.a.test", "git.a.test", "dashboard.a.test" } do
      assert_equal(platform(true, asked { host = host, http_host = host, forwarded_proto = "http" }), 403, host)
    end
  end,
  ["a request that names two hosts is refused"] = function()
    assert_equal(platform(true, asked { http_host = "dashboard.a.test" }), 400)
    assert_equal(platform(true, asked { http_host = "API.A.test" }), "@api")
    assert_equal(platform(true, asked { http_host = "" }), 400)
    assert_equal(platform(true, asked { http_host = "api.a.test, dashboard.a.test" }), 400)
  end,
  ["a tunnel is one kind of request at the API's name"] = function()
    local var = with {}
    assert_equal(platform(true, var), "@tunnel")
    assert_equal(var.platform_upgrade, "dynoform-tunnel")
    for what, more in pairs {
      method = { request_method = "POST" }, protocol = { http_upgrade = "h2c" }, length = { content_length = "0" },
      chunks = { http_transfer_encoding = "chunked" }, path = { uri = "/connect/" }, http2 = { server_protocol = "HTTP/2.0" },
      git = { host = "git.a.test", http_host = "git.a.test" },
    } do
      local other = with(more)
      assert_equal(platform(true, other), "@api", what)
      assert_equal(other.platform_upgrade, nil, what)
    end
  end,
  ["a form is not without end"] = function()
    local dashboard = { host = "dashboard.a.test", http_host = "dashboard.a.test", content_length = tostring(26 * 1048576) }
    assert_equal(platform(true, asked(dashboard)), "@dashboard")
    dashboard.content_length = tostring(26 * 1048576 + 1)
    assert_equal(platform(true, asked(dashboard)), 413)
  end,
}
