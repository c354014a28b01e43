-- The router's own answers: plain text, with Heroku's code where an app is to blame.

local M = {}

local CODES = {
  H10 = "App crashed",
  H12 = "Request timeout",
  H13 = "Connection closed without response",
  H21 = "Backend connection refused",
}

local function answer(status, text)
  ngx.status = status
  ngx.header["Content-Type"] = "text/plain; charset=utf-8"
  ngx.header["Cache-Control"] = "no-store"
  ngx.print(text)
  return ngx.exit(ngx.OK)
end

function M.nothing_here()
  return answer(404, "There's nothing here, yet.\n")
end

function M.nothing_deployed(app)
  return answer(200, "Nothing has been deployed to " .. app .. " yet.\n")
end

function M.application_error(code)
  return answer(503, "Application error\n\nCode=" .. code .. " (" .. CODES[code] .. ")\n")
end

return M
