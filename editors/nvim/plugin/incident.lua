---Defines `:Incident` and the file type of trace files. Loads nothing else before it is used.

if vim.g.loaded_incident then
  return
end
vim.g.loaded_incident = true

vim.filetype.add({
  extension = { backtrace = 'incident-trace', panic = 'incident-trace', stacktrace = 'incident-trace' },
})

vim.api.nvim_create_user_command('Incident', function(command)
  require('incident').run(command)
end, {
  nargs = '*',
  range = true,
  complete = function(lead, line)
    return require('incident').complete(lead, line)
  end,
  desc = 'Explain a production incident',
})
