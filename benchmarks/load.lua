-- Sends the requests of a file, in their order, again and again. The file holds complete requests between
-- \1 characters; within one, \2 stands for a revision, a number that grows with every request.
-- Arguments: the file, the first revision, the number of threads.

local threads = 0
local requests = {}
local count = 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init(args)
  revision = tonumber(args[2])
  step = tonumber(args[3])
  local file = assert(io.open(args[1], "rb"))
  local text = file:read("*a")
  file:close()
  for request in text:gmatch("[^\1]+") do
    local parts = {}
    for part in request:gmatch("[^\2]+") do parts[#parts + 1] = part end
    requests[#requests + 1] = parts
  end
  -- Each thread begins elsewhere, and the revisions of one answer still only grow.
  count = math.floor(number * #requests / step)
  revision = revision + number
end

function request()
  count = count + 1
  revision = revision + step
  return table.concat(requests[count % #requests + 1], revision)
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests": %d, "duration_us": %d, "p50_us": %d, "p95_us": %d, "p99_us": %d, "max_us": %d,' ..
    ' "refused": %d, "socket_errors": %d, "timeouts": %d}\n',
    summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(95), latency:percentile(99), latency.max,
    errors.status, errors.connect + errors.read + errors.write, errors.timeout))
end
