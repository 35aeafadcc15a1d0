import no_such_module_at_all

print(3)
