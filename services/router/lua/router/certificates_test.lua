local function folder(test)
  local path = os.tmpname()
  os.remove(path)
  os.execute("mkdir " .. path)
  test(path)
  os.execute("rm -r " .. path)
end

local function loaded(path)
  ngx.shared.certificates = nil
  local certificates = fresh "router.certificates"
  certificates.load(path)
  return certificates
end

local function certificate(name, ...)
  return { name = name, hosts = { ... }, chain = "chain of " .. name, key = "key of " .. name }
end

local function serves(certificates, name)
  local _, found = certificates.host_for(name)
  return found
end

return {
  ["a name is served by its own certificate, or by the wildcard of one label above it"] = function()
    folder(function(path)
      local certificates = loaded(path)
      certificates.put(certificate("wild", "*.shop.test"))
      certificates.put(certificate("own", "a.shop.test"))
      assert_equal(serves(certificates, "a.shop.test"), "own")
      assert_equal(serves(certificates, "b.shop.test"), "wild")
      assert_equal(serves(certificates, "a.b.shop.test"), nil)
      assert_equal(serves(certificates, "shop.test"), nil)
      assert_equal(certificates.get("own").key, "key of own")
      assert_equal(certificates.show("own").key, nil)
    end)
  end,
  ["of two that have a host the last one serves it, and the other one when that is gone"] = function()
    folder(function(path)
      local certificates = loaded(path)
      certificates.put(certificate("first", "a.test", "b.test"))
      certificates.put(certificate("second", "a.test"))
      assert_equal(serves(certificates, "a.test"), "second")
      local again = loaded(path)
      assert_equal(serves(again, "a.test"), "second", "after a restart")
      again.put(certificate("second", "c.test"))
      assert_equal(serves(again, "a.test"), "first")
      assert_equal(serves(again, "c.test"), "second")
      again.remove "first"
      assert_equal(serves(again, "a.test"), nil)
      assert_equal(serves(again, "b.test"), nil)
    end)
  end,
  ["what is kept is read again, with its number; what cannot be read is put aside"] = function()
    folder(function(path)
      local certificates = loaded(path)
      certificates.put(certificate("one", "a.test"))
      certificates.put(certificate("two", "b.test"))
      certificates.remove "one"
      local broken = io.open(path .. "/broken", "w")
      broken:write "{"
      broken:close()
      local again = loaded(path)
      assert_equal(again.revision(), 2)
      assert_equal(#again.show_all(), 1)
      assert_equal(serves(again, "b.test"), "two")
      assert_equal(io.open(path .. "/broken"), nil)
      assert_equal(io.open(path .. "/.broken.unreadable") ~= nil, true)
    end)
  end,
}
