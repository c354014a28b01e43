-- nginx' connection to a request's dyno, which Lua is not given: read from the beginning of nginx' structures, of which
-- all that follows is left alone.

local ffi = require "ffi"

local M = {}

ffi.cdef [[
typedef struct { void *data, *read, *write; int fd; } dyno_connection_t;
typedef struct { void *read_handler, *write_handler; dyno_connection_t *connection; } dyno_upstream_t;
typedef struct {
  uint32_t signature;
  void *connection, *ctx, *main_conf, *srv_conf, *loc_conf, *read_handler, *write_handler, *cache;
  dyno_upstream_t *upstream;
} dyno_request_t;
]]
local SIGNATURE = 0x50545448

-- The file descriptor of the connection to the dyno of a request (nginx' address of it); nil when there is none, false
-- when this nginx is built otherwise.
function M.descriptor(r)
  local known = ffi.cast("dyno_request_t*", r)
  if known.signature ~= SIGNATURE then return false end
  if known.upstream == nil or known.upstream.connection == nil then return nil end
  local connection = known.upstream.connection
  -- It names its request.
  return connection.data == ffi.cast("void*", known) and connection.fd
end

return M
