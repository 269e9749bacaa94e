-- With a number of bytes behind "--" wrk posts a body of that length.
init = function(args)
  local length = tonumber(args[1] or "0")
  if length > 0 then
    wrk.method = "POST"
    wrk.body = string.rep("x", length)
  end
end

-- Prints what wrk has counted as one line of JSON, with the names that tcpload uses.
done = function(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"seconds":%.4f,"bytes":0,"operations":%d,"p50Us":%.1f,"p99Us":%.1f,"p999Us":%.1f,"errors":%d}\n',
    summary.duration / 1e6, summary.requests,
    latency:percentile(50), latency:percentile(99), latency:percentile(99.9),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
