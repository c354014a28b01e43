local function read(text)
  package.loaded["resty.core.base"] = { get_request = function() end }
  return fresh("router.early").read((text:gsub("\n", "\r\n")))
end

return {
  ["an answer with a length, its headers as they are spelt"] = function()
    local answer = read "HTTP/1.1 413 Too Large\nSet-Cookie: a=b\nX_y.z:1\nset-cookie: c=d \nContent-Length: 3\nConnection: close\n\nbig"
    assert_equal(answer.status, 413)
    assert_equal(answer.body, "big")
    assert_equal(answer.headers["set-cookie"].name, "Set-Cookie")
    assert_equal(table.concat(answer.headers["set-cookie"], ";"), "a=b;c=d")
    assert_equal(answer.headers["x_y.z"][1], "1")
    assert_equal(answer.headers.connection, nil)
    assert_equal(answer.headers["content-length"], nil)
  end,
  ["one in chunks, one that ends with its connection, and one behind a 100"] = function()
    local chunked = "HTTP/1.1 302 Found\nTransfer-Encoding: chunked\n\n3;x=y\nto \n5\nlogin\n0\n\n"
    assert_equal(read(chunked).body, "to login")
    assert_equal(read("HTTP/1.0 302 Found\nLocation: /login\n\nto login").body, "to login")
    assert_equal(read("HTTP/1.1 100 Continue\n\n" .. chunked).status, 302)
  end,
  ["what is no answer, or is cut off, is none"] = function()
    for _, text in ipairs {
      "", "SSH-2.0-x\n", "HTTP/1.1 413 Too Large\n", "HTTP/1.1 413 Too Large\nSet-Cookie", "HTTP/1.1 413 Too Large\nno header\n\n",
      "HTTP/1.1 413 Too Large\nContent-Length: 4\n\nbig", "HTTP/1.1 302 Found\nTransfer-Encoding: chunked\n\n5\nlog",
      "HTTP/1.1 302 Found\nTransfer-Encoding: chunked\n\n5\nlogin\n", "HTTP/1.1 100 Continue\n\n",
    } do
      assert_equal(read(text), nil, text)
    end
  end,
}
