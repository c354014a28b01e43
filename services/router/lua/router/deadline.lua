-- Thirty seconds to the first byte, then fifty-five between two. nginx has one limit for both: that is the second, and
-- the first is kept here, by a timer that looks at requests which wait for long. It ends one by shutting down the
-- connection to the dyno, after it has made sure that it holds the right one; nginx then goes on as if the dyno had
-- hung up, and request.lua asks here why.

local ffi = require "ffi"
local base = require "resty.core.base"

local inflight = require "router.inflight"
local limits = require "router.limits"
local ongoing = require "router.ongoing"
local upstream = require "router.upstream"

local C = ffi.C
local M = {}

-- Seconds.
local LOOK = 0.25

ffi.cdef [[
typedef struct { uint16_t family; uint8_t port[2]; uint8_t address[4]; uint8_t zero[8]; } dyno_address_t;
int getpeername(int fd, dyno_address_t *address, uint32_t *length);
int shutdown(int fd, int how);
]]
local AF_INET = 2
local SWITCHED = 101

local name_buffer = ffi.new "char[64]"

-- A variable of any request of this worker, as `ngx.var` gives it of the current one.
local function variable(r, name)
  local value, length, problem = ffi.new "char*[1]", base.get_size_ptr(), base.get_errmsg_ptr()
  local code = C.ngx_http_lua_ffi_var_get(r, name, #name, name_buffer, 0, value, length, problem)
  return code == 0 and ffi.string(value[0], length[0]) or nil
end

local function peer(fd)
  local address, length = ffi.new "dyno_address_t", ffi.new("uint32_t[1]", 16)
  if C.getpeername(fd, address, length) ~= 0 or address.family ~= AF_INET then return nil end
  local a, p = address.address, address.port
  return string.format("%d.%d.%d.%d:%d", a[0], a[1], a[2], a[3], p[0] * 256 + p[1])
end

local function cut(r, request)
  local descriptor = upstream.descriptor(r)
  if not descriptor then return end
  if peer(descriptor) ~= request.address .. ":" .. request.port then
    ngx.log(ngx.ERR, "cannot end a request that waits for its first byte: this nginx is built otherwise")
    return
  end
  request.ended = true
  C.shutdown(descriptor, 2)
end

-- Bytes from the dyno of a request that is answered already, else from the client: a long upload is no silence.
local function bytes(r, answered)
  return variable(r, answered and "upstream_bytes_received" or "request_length")
end

local function look()
  local now = ngx.now()
  for key, request in pairs(ongoing.all) do
    if request.since and now - request.since > 4 * LOOK then
      local r = ffi.cast("ngx_http_request_t*", key)
      local status = C.ngx_http_lua_ffi_get_resp_status(r)
      local answered = status ~= 0
      local seen, known = bytes(r, answered), request.progress
      if status == SWITCHED then
        -- A WebSocket, which has time.
        request.since, request.progress = false, nil
      elseif answered and upstream.descriptor(r) == nil then
        -- Its client still sends what nobody reads, or has not taken all of the answer.
        inflight.leave(request.dyno)
        request.dyno, request.since, request.progress = false, false, nil
      elseif not known then
        request.progress = { bytes = seen, at = request.since, answered = answered }
      elseif known.bytes ~= seen or known.answered ~= answered then
        known.bytes, known.at, known.answered = seen, now, answered
      elseif not answered and not request.ended and now - known.at >= limits.first_byte then
        cut(r, request)
      end
    end
  end
end

function M.init_worker()
  ngx.timer.every(LOOK, look)
end

-- A request is given to a dyno.
function M.start(request)
  request.since = ngx.now()
end

-- A request's dyno is done with it. Returns "H12" when it was ended before its first byte, "H15" when the last byte
-- was too long ago.
function M.finish(request)
  request.since = false
  local known = request.progress
  if not known then return nil end
  local was_ended = request.ended
  request.progress, request.ended = nil, nil
  if was_ended then return "H12" end
  if known.answered and ngx.now() - known.at >= limits.silence - 2 * LOOK then return "H15" end
end

return M
