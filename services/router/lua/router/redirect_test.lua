local function asked(values)
  local var = { host = "a.test", request_uri = "/x?y=1", uri = "/x", request_method = "GET", forwarded_proto = "http" }
  for key, value in pairs(values or {}) do var[key] = value end
  return var
end

-- Where an entry sends a request, with which status; nil: nowhere.
local function sent(entry, values, port)
  local getenv, target, status = os.getenv, nil, nil
  os.getenv = function(name) return name == "DYNOFORM_HTTPS_PORT" and (port or "8443") or nil end
  local certificates = { host_for = function(host) return host == "a.test" and host or nil end }
  ngx.header = {}
  ngx.redirect = function(to, code) target, status = to, code end
  fresh("router.redirect", { ["router.certificates"] = certificates }).app(entry, asked(values))
  os.getenv = getenv
  return target, status
end

local REDIRECT = { redirect = true, hsts = 0 }

return {
  ["only what came by HTTP is sent on, where that is declared and a certificate is there"] = function()
    assert_equal(sent(REDIRECT), "https://a.test:8443/x?y=1")
    assert_equal(sent(REDIRECT, nil, "443"), "https://a.test/x?y=1")
    assert_equal(sent({ redirect = false, hsts = 0 }), nil)
    assert_equal(sent(REDIRECT, { forwarded_proto = "https" }), nil)
    assert_equal(sent(REDIRECT, { host = "other.test" }), nil)
    assert_equal(sent(REDIRECT, { host = "other.test", trusted = "trusted" }), "https://other.test/x?y=1")
    assert_equal(sent(REDIRECT, { uri = "/.well-known/acme-challenge/x" }), nil)
  end,
  ["a form that was sent stays one"] = function()
    local _, get = sent(REDIRECT)
    local _, post = sent(REDIRECT, { request_method = "POST" })
    assert_equal(get, 301)
    assert_equal(post, 308)
  end,
  ["HSTS is said over HTTPS alone"] = function()
    local redirect = fresh("router.redirect", { ["router.certificates"] = {} })
    assert_equal(redirect.hsts({ hsts = 60 }, { forwarded_proto = "https" }), "max-age=60")
    assert_equal(redirect.hsts({ hsts = 60 }, { forwarded_proto = "http" }), "")
  end,
}
