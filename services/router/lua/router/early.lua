-- Answers that come while a request's body is still being sent, as a 413 or a redirection to a login does. An app that
-- then closes its connection with bytes unread resets it, and nginx, whose next write fails by that, does not look at
-- what it was sent before. So a second descriptor of the connection is kept until there is an answer: what the kernel
-- has received can be read from it when nginx has given up.

local ffi = require "ffi"

local ongoing = require "router.ongoing"
local upstream = require "router.upstream"

local C = ffi.C
local M = {}

ffi.cdef [[
int dup(int fd);
int close(int fd);
ssize_t recv(int fd, void *buffer, size_t length, int flags);
int getsockopt(int fd, int level, int name, void *value, uint32_t *length);
]]
local MSG_DONTWAIT = 0x40
local SOL_SOCKET, SO_ERROR = 1, 4
local SIZE = 65536
local buffer = ffi.new("char[?]", SIZE)

-- Headers of one connection, not of the answer.
local HOP = {
  connection = true, ["keep-alive"] = true, ["transfer-encoding"] = true, upgrade = true, trailer = true,
  ["content-length"] = true,
}

-- A request is about to be connected with its dyno. The timer runs when nginx has called connect, and before it writes.
function M.expect(request)
  M.forget(request)
  local key = ongoing.key()
  ngx.timer.at(0, function(premature)
    if premature or ongoing.all[key] ~= request or request.second then return end
    local descriptor = upstream.descriptor(ffi.cast("void*", key))
    local second = descriptor and C.dup(descriptor) or -1
    if second >= 0 then request.second = second end
  end)
end

-- The request has its answer, or is over.
function M.forget(request)
  if not request.second then return end
  C.close(request.second)
  request.second = nil
end

-- nginx has begun to read the request's answer. One without a length is whole when its connection ends, by a reset too:
-- who asks for a socket's error takes it away, and nginx reads what there is to its end.
function M.begun(request)
  if not request.second then return end
  C.getsockopt(request.second, SOL_SOCKET, SO_ERROR, ffi.new "int[1]", ffi.new("uint32_t[1]", 4))
  M.forget(request)
end

-- What chunks hold; nil when the last one is missing.
local function unchunked(text)
  local parts, at = {}, 1
  while true do
    local _, stop, size = text:find("^(%x+)[^\r\n]*\r?\n", at)
    local length = size and tonumber(size, 16)
    if not length or #text < stop + length then return nil end
    if length == 0 then return table.concat(parts) end
    parts[#parts + 1] = text:sub(stop + 1, stop + length)
    at = (text:match("^\r?\n()", stop + length + 1))
    if not at then return nil end
  end
end

-- An answer as bytes, read: { status, headers = { name = { value, … } }, body }. Nil when it is none, or not whole.
function M.read(text)
  local status, at
  repeat
    status, at = text:match("^HTTP/1%.%d (%d%d%d)[^\r\n]*\r?\n()", at)
    if not status then return nil end
    local headers, told = {}, {}
    while true do
      local after = text:match("^\r?\n()", at)
      if after then
        at = after
        break
      end
      local name, value, stop = text:match("^([^:%s]+):[ \t]*([^\r\n]-)[ \t]*\r?\n()", at)
      if not name then return nil end
      at = stop
      local known = name:lower()
      told[known] = value
      if not HOP[known] then
        -- One spelling of a name, which is that of the first.
        headers[known] = headers[known] or { name = name }
        table.insert(headers[known], value)
      end
    end
    if status:byte() ~= 49 then
      local body, length = text:sub(at), tonumber(told["content-length"])
      if told["transfer-encoding"] then
        body = unchunked(body)
      elseif length then
        body = #body >= length and body:sub(1, length) or nil
      end
      return body and { status = tonumber(status), headers = headers, body = body }
    end
  until false
end

-- What a request's dyno had sent when nginx gave up; nil when that is no answer.
function M.take(request)
  local parts = {}
  while request.second do
    local count = tonumber(C.recv(request.second, buffer, SIZE, MSG_DONTWAIT))
    if count <= 0 then break end
    parts[#parts + 1] = ffi.string(buffer, count)
  end
  M.forget(request)
  return parts[1] and M.read(table.concat(parts))
end

-- Gives the client an answer that was taken.
function M.pass(answer)
  ngx.status = answer.status
  for _, values in pairs(answer.headers) do
    local name = values.name
    ngx.header[name] = #values == 1 and values[1] or { unpack(values) }
  end
  if ngx.var.request_method ~= "HEAD" then ngx.header["Content-Length"] = #answer.body end
  ngx.print(answer.body)
  return ngx.exit(ngx.OK)
end

return M
