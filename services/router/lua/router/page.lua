-- The router's own answers: pages that need nothing from elsewhere (services/router/pages), with Heroku's codes.

local M = {}

local FOLDER = "/usr/share/dynoform/pages/"
-- Seconds after which a client may try again.
local RETRY = 5

local CODES = {
  H10 = "App crashed",
  H11 = "Backlog too deep",
  H12 = "Request timeout",
  H13 = "Connection closed without response",
  H14 = "No web processes running",
  H17 = "Poorly formatted HTTP response",
  H20 = "App boot timeout",
  H21 = "Backend connection refused",
  H25 = "HTTP restriction",
  H99 = "Platform error",
}

local pages = {}

local function read(name, folder)
  local file = assert(io.open((folder or FOLDER) .. name .. ".html"))
  local text = file:read "*a"
  file:close()
  return text
end

-- A page's file is what stands in the layout's <main>; its heading is the title too.
function M.load(folder)
  local layout = read("layout", folder)
  for _, name in ipairs { "welcome", "nothing-here", "application-error", "starting", "quota", "maintenance", "away" } do
    local main = read(name, folder)
    local parts = { title = main:match "<h1>(.-)</h1>", main = main }
    pages[name] = layout:gsub("{{(%w+)}}", parts)
  end
end

-- A page with its values filled in. They are the router's own or an app's name, so that nothing is to be escaped.
function M.text(name, values)
  return (pages[name]:gsub("{{(%w+)}}", values or {}))
end

local function answer(status, name, values)
  ngx.status = status
  ngx.header["Content-Type"] = "text/html; charset=utf-8"
  ngx.header["Cache-Control"] = "no-store"
  ngx.print(M.text(name, values))
  return ngx.exit(ngx.OK)
end

local function fail(code, name, values)
  ngx.var.code = code
  return answer(503, name, values)
end

function M.nothing_here()
  return answer(404, "nothing-here")
end

function M.welcome(app)
  ngx.var.code = "H81"
  return answer(200, "welcome", { app = app })
end

function M.application_error(code)
  return fail(code, "application-error", { code = code, description = CODES[code] })
end

-- The control plane, which would start the app's dynos, is not there.
function M.starting(app)
  ngx.header["Retry-After"] = RETRY
  return fail("H99", "starting", { app = app })
end

-- The control plane, which serves the dashboard, is not there.
function M.away()
  ngx.header["Retry-After"] = RETRY
  return fail("H99", "away")
end

function M.maintenance()
  return fail("H80", "maintenance")
end

local MONTHS = {
  "January", "February", "March", "April", "May", "June",
  "July", "August", "September", "October", "November", "December",
}

-- The first of the month after a time (seconds since 1970), in UTC: "1 February 2026", and the seconds until then.
function M.next_month(time)
  local date = os.date("!*t", time)
  local year, month = date.year, date.month + 1
  if month == 13 then year, month = year + 1, 1 end
  local first = time - (date.day - 1) * 86400 - date.hour * 3600 - date.min * 60 - date.sec
  local days = 28
  while os.date("!*t", first + days * 86400).month == date.month do days = days + 1 end
  return "1 " .. MONTHS[month] .. " " .. year, first + days * 86400 - time
end

function M.quota(app)
  local first, seconds = M.next_month(ngx.time())
  ngx.header["Retry-After"] = seconds
  return fail("H82", "quota", { app = app, first = first })
end

return M
